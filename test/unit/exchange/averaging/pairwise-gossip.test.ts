import test from 'ava'
import { pairwiseGossip } from '../../../../src/exchange/averaging/pairwise-gossip.ts'
import { createAverager } from '../../../../src/exchange/averaging/registry.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'
import { faultyTransport } from '../../../support/faulty-transport.ts'

const never = new AbortController().signal

test('what is due is exchanged, shard after shard, and queued once at most', async t => {
  const gate = Promise.withResolvers<void>()
  let open = 0
  let most = 0
  const swarm = await averagingSwarm({
    peers: 2,
    groups: [100, 100],
    shards: 2,
    factory: pairwiseGossip({ every: 10 }),
    wrap: (transport, peer) =>
      peer > 0
        ? transport
        : faultyTransport(transport, async ({ operation, when }) => {
            if (operation === 0 && when === 'before') {
              open += 1
              most = Math.max(most, open)
              await gate.promise
            }
            if (operation === 6 && when === 'after') open -= 1
            return false
          }),
  })
  const { averager, events } = swarm.peers[0]!
  for (let step = 1; step <= 40; step++) {
    averager.onStep(step)
    await null
  }
  // Step 5 began an exchange that is held; of the seven others that came due two wait, one a shard.
  t.is(averager.counters.skipped, 5)
  gate.resolve()
  await Promise.all([averager.exchange('shard-0'), averager.exchange('shard-1')])
  t.is(averager.counters.tried, 3)
  t.is(averager.counters.ok, 3)
  t.is(most, 1)
  t.deepEqual(
    events.map(event => event.type === 'exchange' && event.shard),
    ['shard-1', 'shard-0', 'shard-1'],
  )
  await swarm.stop()
})

test('steps told in bunches skip no period, and a resumed peer owes none', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [100], factory: pairwiseGossip({ every: 10 }) })
  const { averager } = swarm.peers[0]!
  averager.onStep(12_345)
  t.is(averager.counters.skipped, 0)
  averager.onStep(12_352) // 12,350 begins to wait
  averager.onStep(12_362) // and still waits when 12,360 comes
  t.is(averager.counters.skipped, 1)
  t.is(await averager.exchange('shard-0'), 'ok')
  t.is(averager.counters.tried, 1)
  await swarm.stop()
})

test('stop lets the exchange under way end, and nothing waits behind it', async t => {
  const held = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const swarm = await averagingSwarm({
    peers: 2,
    groups: [100, 100],
    shards: 2,
    factory: pairwiseGossip(),
    wrap: (transport, peer) =>
      peer > 0
        ? transport
        : faultyTransport(transport, async ({ operation, when }) => {
            if (operation === 2 && when === 'before') {
              reached.resolve()
              await held.promise
            }
            return false
          }),
  })
  const { averager } = swarm.peers[0]!
  const [first, second] = [averager.exchange('shard-0'), averager.exchange('shard-1')]
  await reached.promise
  const stopped = averager.stop(never)
  t.is(await second, 'cancelled')
  held.resolve()
  t.is(await first, 'ok')
  await stopped
  t.is(await averager.exchange('shard-0'), 'cancelled')
  await swarm.stop()
})

test('stop cuts a hanging exchange short when its signal fires', async t => {
  const reached = Promise.withResolvers<void>()
  const swarm = await averagingSwarm({
    peers: 2,
    groups: [100],
    factory: pairwiseGossip(),
    wrap: (transport, peer) =>
      peer === 0
        ? transport
        : faultyTransport(transport, ({ operation, when }) => {
            if (operation !== 3 || when !== 'before') return false
            reached.resolve()
            return new Promise(() => {}) // never answers
          }),
  })
  const { averager, host } = swarm.peers[0]!
  const exchange = averager.exchange('shard-0')
  await reached.promise
  const stop = new AbortController()
  const stopped = averager.stop(stop.signal)
  stop.abort()
  await stopped
  t.is(await exchange, 'cancelled')
  t.deepEqual(host.values.slice(), host.initial)
  for (const peer of swarm.peers) await peer.transport.stop()
})

test('a stopping responder accepts nothing new', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [100], factory: pairwiseGossip() })
  await swarm.peers[1]!.averager.stop(never)
  t.is(await swarm.peers[0]!.averager.exchange('shard-0'), 'cancelled')
  await swarm.stop()
})

test('both peers of a pair may initiate at once', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [5000], factory: pairwiseGossip() })
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, i) => swarm.peers[i % 2]!.averager.exchange('shard-0')),
  )
  t.deepEqual(new Set(outcomes), new Set(['ok']))
  await swarm.stop()
})

test('a partner that failed is left alone for a while', async t => {
  const swarm = await averagingSwarm({ peers: 4, groups: [100], factory: pairwiseGossip() })
  swarm.network.kill('peer-003')
  const { averager, events } = swarm.peers[0]!
  for (let i = 0; i < 40; i++) await averager.exchange('shard-0')
  t.is(averager.counters.failed.unreachable, 1)
  t.is(averager.counters.ok, 39)
  t.is(events.filter(event => event.type === 'exchange' && event.partner === 'peer-003').length, 1)
  await swarm.stop()
})

test('a large shard is mixed whole; its bytes are what the codec says and little more', async t => {
  for (const [codec, bytes] of [
    ['float32', 400_000],
    ['int8', 101_564],
  ] as const) {
    const swarm = await averagingSwarm({ peers: 2, groups: [100_000], factory: pairwiseGossip({ codec }) })
    await swarm.peers[0]!.averager.exchange('shard-0')
    await Promise.all(swarm.peers.map(peer => peer.averager.stop(never)))
    const [a, b] = swarm.peers.map(peer => peer.host.values)
    t.true(a!.every((value, i) => Math.abs(value - b![i]!) < (codec === 'int8' ? 0.1 : 1e-6)))
    for (const { averager } of swarm.peers) {
      t.true(averager.counters.bytesSent >= bytes && averager.counters.bytesSent < bytes + 600)
      t.true(averager.counters.bytesReceived >= bytes && averager.counters.bytesReceived < bytes + 600)
    }
    await swarm.stop()
  }
})

test('the registry knows its algorithms', async t => {
  for (const algorithm of ['pairwise', 'none'] as const) {
    const swarm = await averagingSwarm({ peers: 2, factory: createAverager({ algorithm }) })
    t.is(await swarm.peers[0]!.averager.exchange('shard-0'), algorithm === 'none' ? 'no-partner' : 'ok')
    await swarm.stop()
  }
})
