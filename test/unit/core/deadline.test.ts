import { getEventListeners } from 'node:events'
import test from 'ava'
import { systemClock } from '../../../src/core/clock.ts'
import { withDeadline } from '../../../src/core/deadline.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const forever = () => new Promise<never>(() => {})

test('a task that ends in time decides, whatever happens later', async t => {
  const clock = virtualClock()
  let inner: AbortSignal | undefined
  const result = withDeadline(clock, 100, 'a test', undefined, async signal => {
    inner = signal
    await clock.sleep(99, signal)
    return 7
  })
  await clock.advance(99)
  t.is(await result, 7)
  await clock.advance(1000)
  t.false(inner!.aborted)
  const failure = new Error('its own')
  t.is(await t.throwsAsync(withDeadline(clock, 100, 'a test', undefined, () => Promise.reject(failure))), failure)
})

test('the deadline ends a task that ignores its signal, and tells one that does not', async t => {
  const clock = virtualClock()
  let inner: AbortSignal | undefined
  const result = withDeadline(clock, 100, 'counting sheep', undefined, signal => {
    inner = signal
    return forever()
  })
  const failed = t.throwsAsync(result, { code: 'TIMED_OUT', message: 'counting sheep took longer than 100 ms' })
  await clock.advance(99)
  t.false(inner!.aborted)
  await clock.advance(1)
  const error = await failed
  t.is(inner!.reason, error)
})

test("the parent's reason comes through, before, during and not after", async t => {
  const clock = virtualClock()
  const reason = new Error('enough')
  await t.throwsAsync(
    withDeadline(clock, 100, 'a test', AbortSignal.abort(reason), async () => t.fail()),
    { is: reason },
  )
  const parent = new AbortController()
  const result = withDeadline(clock, 100, 'a test', parent.signal, forever)
  parent.abort(reason)
  await t.throwsAsync(result, { is: reason })
  const late = new AbortController()
  t.is(await withDeadline(clock, 100, 'a test', late.signal, async () => 1), 1)
  late.abort(reason)
})

test('nothing stays behind: no timer, no listener', async t => {
  const parent = new AbortController()
  const before = process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  for (let i = 0; i < 20; i++) await withDeadline(systemClock, 3_600_000, 'a test', parent.signal, async () => i)
  await new Promise(setImmediate)
  t.is(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length, before)
  t.is(getEventListeners(parent.signal, 'abort').length, 0)
})
