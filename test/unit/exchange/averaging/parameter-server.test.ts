import test from 'ava'
import { parameterServer } from '../../../../src/exchange/averaging/parameter-server.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'
import { faultyTransport } from '../../../support/faulty-transport.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const alike = (_: number, length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))

type Swarm = Awaited<ReturnType<typeof averagingSwarm>>

/** What all peers' own steps changed, from where they all began. */
function summed({ peers }: Swarm): Float64Array {
  const sum = Float64Array.from(peers[0]!.host.initial)
  for (const { host } of peers) for (let i = 0; i < sum.length; i++) sum[i]! += host.own[i]!
  return sum
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}

for (const codec of ['float32', 'int8'] as const) {
  test(`${codec}: the centre adds up what the steps of all changed, and all pull it`, async t => {
    const factory = parameterServer({ codec })
    const swarm = await averagingSwarm({ peers: 3, groups: [400], factory, initial: alike, stepScale: 0.01 })
    for (let round = 0; round < 30; round++) {
      for (const { host, averager } of swarm.peers) {
        host.takeStep()
        t.is(await averager.exchange('shard-0'), 'ok')
      }
    }
    // What int8 leaves out of pushes does not add up; each value is known to about 1/254 of its block's largest.
    for (let round = 0; round < 3; round++) for (const { averager } of swarm.peers) await averager.exchange('shard-0')
    const expected = summed(swarm)
    for (const { host } of swarm.peers) t.true(furthest(host.values, expected) < (codec === 'int8' ? 0.02 : 1e-5))
    await swarm.stop()
  })
}

test('a server learning rate below 1 takes on as much of each push', async t => {
  const factory = parameterServer({ serverLearningRate: 0.5 })
  const swarm = await averagingSwarm({ peers: 2, groups: [100], factory, initial: alike, stepScale: 0.01 })
  const { host, averager } = swarm.peers[1]!
  host.takeStep()
  await averager.exchange('shard-0')
  t.true(host.values.every((value, i) => Math.abs(value - host.initial[i]! - host.own[i]! / 2) < 1e-6))
  await swarm.stop()
})

test('a push whose answer is lost counts once', async t => {
  for (const broken of [3, 4, 5]) {
    // On the sender's first stream: the values, the answer, what comes in return.
    const clock = virtualClock()
    const swarm = await averagingSwarm({
      peers: 2,
      groups: [100],
      clock,
      factory: parameterServer({ timeout: 6 }),
      initial: alike,
      stepScale: 0.01,
      wrap: (transport, peer) =>
        peer === 0
          ? transport
          : faultyTransport(
              transport,
              ({ stream, operation, when }) => stream === 0 && operation === broken && when === 'after',
            ),
    })
    const { host, averager } = swarm.peers[1]!
    const exchange = async () => {
      let over = false
      const outcome = averager.exchange('shard-0').finally(() => {
        over = true
      })
      while (!over) await clock.advance(100)
      return await outcome
    }
    host.takeStep()
    t.is(await exchange(), 'broken')
    t.is(await exchange(), 'ok')
    t.true(furthest(host.values, summed(swarm)) < 1e-6, `${broken}`)
    await swarm.stop()
  }
})

test('what one push could do harm with is refused', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [100], factory: parameterServer(), initial: alike })
  const [server, worker] = swarm.peers
  worker!.host.values.fill(1e6)
  t.is(await worker!.averager.exchange('shard-0'), 'invalid')
  t.is(await server!.averager.exchange('shard-0'), 'ok')
  t.deepEqual(server!.host.values.slice(), server!.host.initial)
  await swarm.stop()
})

test('stale-synchronous: who is more than the bound ahead of the slowest waits for it', async t => {
  const clock = virtualClock()
  const swarm = await averagingSwarm({ peers: 3, groups: [10], clock, factory: parameterServer({ bound: 2 }) })
  const [a, b, c] = swarm.peers
  const { barriers } = a!.averager
  t.is(barriers!.after(0), 3)
  b!.host.takeStep()
  t.is(barriers!.after(0), 3)
  let met = false
  const meeting = barriers!.meet(3, new AbortController().signal).then(() => {
    met = true
  })
  await clock.advance(10_000)
  t.false(met)
  c!.host.takeStep()
  await clock.advance(100)
  t.true(met)
  await meeting
  t.is(barriers!.after(3), 4)
  await swarm.stop()
})

test('stale-synchronous: nobody waits for ever, nor when interrupted', async t => {
  const clock = virtualClock()
  const swarm = await averagingSwarm({ peers: 2, groups: [10], clock, factory: parameterServer({ bound: 0 }) })
  const { averager, events } = swarm.peers[0]!
  const interrupt = new AbortController()
  const interrupted = averager.barriers!.meet(1, interrupt.signal)
  interrupt.abort()
  await interrupted
  t.is(events.length, 0)
  const meeting = averager.barriers!.meet(1, new AbortController().signal)
  await clock.advance(120_000)
  await meeting
  t.like(events[0], { type: 'warning', reason: 'slowest-peer' })
  await swarm.stop()
})

test('asynchronous without a bound', async t => {
  const swarm = await averagingSwarm({ peers: 1, groups: [10], factory: parameterServer() })
  t.is(swarm.peers[0]!.averager.barriers, undefined)
  t.is(await swarm.peers[0]!.averager.exchange('shard-0'), 'no-partner')
  await swarm.stop()
})

test('options are checked', t => {
  t.throws(() => parameterServer({ bound: 1.5 }), { message: 'Expected `bound` to be an integer >= 0, got 1.5' })
  t.throws(() => parameterServer({ serverLearningRate: 0 }), { code: 'SPECIFICATION_INVALID' })
})
