import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { asynchronousAverager } from '../../../../src/exchange/averaging/asynchronous.ts'
import { PushSum, pushSum } from '../../../../src/exchange/averaging/push-sum.ts'
import { neighbours } from '../../../../src/exchange/topology/neighbours.ts'
import { averagingSwarm, type SwarmInit } from '../../../support/averaging-pair.ts'
import { type Crossing, faultyTransport } from '../../../support/faulty-transport.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const never = new AbortController().signal

/** A swarm whose weights can be looked at. */
async function pushSumSwarm(init: Omit<SwarmInit, 'factory'>, codec: 'float32' | 'int8' = 'float32', timeout = 15) {
  const workings: PushSum[] = []
  const swarm = await averagingSwarm({
    ...init,
    factory: components =>
      asynchronousAverager(components, { every: 1e9, timeout }, surroundings => {
        const choice = neighbours({ kind: 'one-peer-exponential' })(components)
        const working = new PushSum(components, surroundings, { codec, choice })
        workings.push(working)
        return working
      }),
  })
  const weights = () => workings.map(working => working.weight('shard-0'))
  return {
    ...swarm,
    weights,
    /** What all peers hold: the weights' sum, and that of weight times value. */
    mass() {
      const w = weights()
      const sum = new Float64Array(swarm.layout.length)
      for (const [i, { host }] of swarm.peers.entries())
        for (let k = 0; k < sum.length; k++) sum[k]! += w[i]! * host.values[k]!
      return { weight: w.reduce((a, b) => a + b), sum }
    },
  }
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}

test('shares that take 1 to 5 rounds keep the mass; all agree on the mean', async t => {
  // ALGORITHMS, acceptance check 2, over the protocol and in float32.
  const n = 16
  let turn = 0
  let ring = Promise.withResolvers<void>()
  const swarm = await pushSumSwarm({
    peers: n,
    groups: [40],
    wrap: (transport, peer) =>
      faultyTransport(transport, async ({ kind, when }) => {
        // Where the values leave the sender.
        const until = turn + ((peer + turn) % 5)
        while (kind === 'sendBulk' && when === 'before' && turn < until) await ring.promise
        return false
      }),
  })
  const mean = swarm.mass().sum.map(value => value / n)
  let stale = false
  while (turn < 200) {
    for (const { averager } of swarm.peers) void averager.exchange('shard-0')
    for (let i = 0; i < 40; i++) await setImmediate()
    turn += 1
    stale ||= swarm.mass().weight < n - 1
    ring.resolve()
    ring = Promise.withResolvers()
  }
  while (swarm.mass().weight < n - 1e-9) {
    turn += 1
    ring.resolve()
    ring = Promise.withResolvers()
    await setImmediate()
  }
  t.true(stale) // some were on their way
  const { weight, sum } = swarm.mass()
  t.true(Math.abs(weight - n) < 1e-9)
  t.true(
    furthest(
      sum,
      mean.map(value => value * n),
    ) <
      n * 2e-6,
  )
  for (const { host } of swarm.peers) t.true(furthest(host.values, mean) < 2e-6)
  await swarm.stop()
})

/** Operations on a share's stream: offer, ready, weight, values, taken. */
const boundaries = Array.from({ length: 10 }, (_, i) => ({
  operation: i >> 1,
  when: i % 2 ? ('after' as const) : ('before' as const),
}))

/** One share, whose stream breaks where `fault` says so. */
async function oneShare(side: 'sender' | 'receiver', fault: (crossing: Crossing) => boolean) {
  const clock = virtualClock()
  const swarm = await pushSumSwarm(
    {
      peers: 2,
      groups: [300],
      clock,
      wrap: (transport, peer) => ((peer === 0) === (side === 'sender') ? faultyTransport(transport, fault) : transport),
    },
    'float32',
    6,
  )
  const before = swarm.mass()
  let over = false
  const outcome = swarm.peers[0]!.averager.exchange('shard-0').finally(() => {
    over = true
  })
  while (!over) await clock.advance(100)
  return { swarm, before, after: swarm.mass(), outcome: await outcome }
}

for (const side of ['sender', 'receiver'] as const) {
  test(`a stream that breaks anywhere at the ${side} loses no mass and adds none`, async t => {
    for (const { operation, when } of boundaries) {
      const where = `${when} ${operation}`
      const { swarm, before, after } = await oneShare(
        side,
        crossing => crossing.stream === 0 && crossing.operation === operation && crossing.when === when,
      )
      t.is(after.weight, before.weight, where)
      t.true(furthest(after.sum, before.sum) < 1e-5, where)
      await swarm.stop()
    }
  })
}

test('a receiver that took a share and then cannot be asked: the sender takes it back, which counts it twice', async t => {
  const { swarm, after, outcome } = await oneShare(
    'receiver',
    ({ stream, operation, when }) => stream > 0 || (operation === 4 && when === 'before'),
  )
  t.is(outcome, 'broken')
  t.is(after.weight, 2.5)
  t.true(swarm.peers[0]!.events.some(event => event.type === 'warning' && event.reason === 'delivery-in-doubt'))
  await swarm.stop()
})

test('what was asked for before it was taken is never taken', async t => {
  const held = Promise.withResolvers<boolean>()
  // The receiver is slow to take the values; meanwhile the sender's stream breaks, and it asks.
  const swarm = await pushSumSwarm({
    peers: 2,
    groups: [300],
    wrap: (transport, peer) =>
      faultyTransport(transport, async ({ stream, operation, when }) =>
        peer === 0 ? stream === 0 && operation === 4 && when === 'before' : false,
      ),
  })
  const { host } = swarm.peers[1]!
  const snapshot = host.snapshot.bind(host)
  host.snapshot = async (offset, into) => {
    await held.promise
    return await snapshot(offset, into)
  }
  t.is(await swarm.peers[0]!.averager.exchange('shard-0'), 'broken')
  held.resolve(false)
  while (swarm.peers[1]!.events.length === 0) await setImmediate()
  t.like(swarm.peers[1]!.events[0], { role: 'responder', outcome: 'timed-out' })
  t.deepEqual(swarm.weights(), [1, 1])
  t.deepEqual(host.values.slice(), host.initial)
  await swarm.stop()
})

test('whoever leaves hands what it has to a neighbour', async t => {
  const swarm = await pushSumSwarm({ peers: 4, groups: [300] })
  await swarm.peers[1]!.averager.exchange('shard-0')
  const before = swarm.mass()
  await swarm.peers[1]!.averager.stop(never)
  await Promise.all(swarm.peers.map(async () => setImmediate()))
  t.is(swarm.weights()[1], 0)
  const after = swarm.mass()
  t.is(after.weight, before.weight)
  t.true(furthest(after.sum, before.sum) < 1e-4)
  await swarm.stop()
})

test('who has next to nothing gives nothing', async t => {
  const swarm = await pushSumSwarm({ peers: 2, groups: [10] })
  const { averager } = swarm.peers[0]!
  for (let i = 0; i < 10; i++) t.is(await averager.exchange('shard-0'), 'ok')
  t.is(swarm.weights()[0], 2 ** -10)
  t.is(await averager.exchange('shard-0'), 'ok')
  t.is(await averager.exchange('shard-0'), 'busy')
  await swarm.stop()
})

test('int8 moves the sum by less than its errors', async t => {
  const swarm = await pushSumSwarm({ peers: 8, groups: [500] }, 'int8')
  const before = swarm.mass()
  for (let i = 0; i < 160; i++) t.is(await swarm.peers[i % 8]!.averager.exchange('shard-0'), 'ok')
  const after = swarm.mass()
  t.is(after.weight, before.weight)
  // A value of at most 4 is known to 4/254; 160 shares, whose errors mostly cancel.
  t.true(furthest(after.sum, before.sum) < 8 * (4 / 254), `${furthest(after.sum, before.sum)}`)
  await swarm.stop()
})

test('options are checked', t => {
  t.throws(() => pushSum({ every: 0 }), { message: 'Expected `every` to be an integer >= 1, got 0' })
  t.throws(() => pushSum({ timeout: 0 }), { code: 'SPECIFICATION_INVALID' })
})
