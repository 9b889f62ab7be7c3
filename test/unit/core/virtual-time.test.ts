import { createHook } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import test from 'ava'
import { withDeadline } from '../../../src/core/deadline.ts'
import { virtualTime } from '../../../src/core/virtual-time.ts'

test('events happen by time, then in the order they were planned, at exactly their time', async t => {
  const time = virtualTime()
  const happened: string[] = []
  const note = (name: string) => () => happened.push(`${name} ${time.now()}`)
  time.schedule(5, note('c'))
  time.schedule(1, note('a'))
  time.schedule(5, note('d'))
  time.schedule(2, note('b'))
  const cancel = time.schedule(3, note('never'))
  cancel()
  time.schedule(Number.POSITIVE_INFINITY, note('never'))
  time.schedule(2, () => time.schedule(0, note('past is now')))
  await time.run(time.sleep(10))
  t.deepEqual(happened, ['a 1', 'b 2', 'past is now 2', 'c 5', 'd 5'])
  t.is(time.now(), 10)
  t.is(time.date(), 1_700_000_000_010)
  t.is(time.events, 7)
})

test('all work of an event settles before the next one, however many promises it takes', async t => {
  const time = virtualTime()
  let at = 0
  const main = time.sleep(1).then(async () => {
    for (let i = 0; i < 1000; i++) await time.turn()
    at = time.now()
  })
  void main
  await time.run(time.sleep(2))
  t.is(at, 1)
})

test('time waits for announced work, and its results come in the order of the announcements', async t => {
  const time = virtualTime()
  const happened: string[] = []
  const turns = async (count: number) => {
    for (let i = 0; i < count; i++) await nextTurn()
  }
  const work = async (name: string, count: number) => {
    await time.busy(turns(count))
    happened.push(`${name} ${time.now()}`)
    await time.busy(turns(1))
    happened.push(`${name} again ${time.now()}`)
  }
  const fail = () => time.busy(turns(2).then(() => Promise.reject(new Error('no'))))
  const together = async () => {
    await time.sleep(1)
    await Promise.all([work('slow', 50), work('fast', 1), t.throwsAsync(fail(), { message: 'no' })])
  }
  await time.run(Promise.all([together(), time.sleep(2)]))
  t.deepEqual(happened, ['slow 1', 'fast 1', 'slow again 1', 'fast again 1'])
  t.is(time.now(), 2)
  t.is(await time.busy(Promise.resolve('outside a run')), 'outside a run')
})

test('sleeps are cancelled with the reason of their signal, and leave nothing behind', async t => {
  const time = virtualTime()
  const over = new AbortController()
  const sleeping = t.throwsAsync(time.sleep(1000, over.signal), { message: 'enough' })
  time.schedule(10, () => over.abort(new Error('enough')))
  await time.run(sleeping)
  t.is(time.now(), 10)
  await time.run(t.throwsAsync(time.sleep(5, over.signal), { message: 'enough' }))
  const slow = withDeadline(time, 50, 'waiting', undefined, () => new Promise(() => {}))
  await time.run(t.throwsAsync(slow, { code: 'TIMED_OUT' }))
  t.is(time.now(), 60)
  t.is(await time.run(withDeadline(time, 1e6, 'nothing', undefined, async () => 'done')), 'done')
  t.is(time.now(), 60)
})

test('a run ends when nothing is planned any more, when it is cancelled, and when an event throws', async t => {
  const time = virtualTime()
  const forever = new Promise<never>(() => {})
  time.schedule(3, () => {})
  const stalled = await t.throwsAsync(time.run(forever), { code: 'STALLED' })
  t.regex(stalled?.message ?? '', /stands at 3 ms after 1 events: nothing is planned/)
  const over = new AbortController()
  const tick = () => {
    if (time.events === 2000) over.abort(new Error('interrupted'))
    time.schedule(time.now() + 1, tick)
  }
  tick()
  await t.throwsAsync(time.run(forever, { signal: over.signal }), { message: 'interrupted' })
  await t.throwsAsync(time.run(forever, { signal: over.signal }), { message: 'interrupted' })
  time.schedule(time.now(), () => {
    throw new Error('a bug')
  })
  await t.throwsAsync(time.run(forever), { message: 'a bug' })
  const running = time.run(time.sleep(1))
  t.throws(() => void time.run(forever), { message: /one run/ })
  await running
})

test('with outsiders, an empty queue waits for their plans', async t => {
  const time = virtualTime()
  const end = Promise.withResolvers<void>()
  const running = time.run(end.promise, { outsiders: true })
  for (let i = 0; i < 5; i++) await nextTurn()
  await time.sleep(7)
  t.is(time.now(), 7)
  await time.sleep(7)
  t.is(time.now(), 14)
  end.resolve()
  await running
})

test.serial('events that plan others cost real work no more turns of the event loop', async t => {
  const time = virtualTime()
  let turns = 0
  const hook = createHook({
    init: (_, type) => {
      if (type === 'Immediate') turns += 1
    },
  })
  for (let at = 1; at <= 100; at++) time.schedule(at, () => time.schedule(1000, () => {}))
  hook.enable()
  await time.run(
    (async () => {
      await time.sleep(500)
      await time.busy(nextTurn(undefined).then(() => nextTurn(undefined)))
    })(),
  )
  hook.disable()
  t.true(turns < 10, `${turns} turns`)
})
