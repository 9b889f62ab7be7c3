import test from 'ava'
import { consensusDistance } from '../../src/core/vector.ts'
import { pairwiseGossip } from '../../src/exchange/averaging/pairwise-gossip.ts'
import { averagingSwarm, conserved, relativeDrift } from '../support/averaging-pair.ts'

test('16 peers reach consensus at the rate of random pairs, over the protocol', async t => {
  const n = 16
  const swarm = await averagingSwarm({ peers: n, groups: [400], factory: pairwiseGossip({ codec: 'float32' }) })
  const hosts = swarm.peers.map(peer => peer.host)
  const before = conserved(hosts)
  const distance = () => consensusDistance(hosts.map(host => host.values))
  // Uniformly random pairs, one at a time, contract by 1 - 1/(n-1) each (ALGORITHMS section 5).
  const exchanges = 20 * n
  const start = distance()
  for (let i = 0; i < exchanges; i++) {
    t.is(await swarm.peers[i % n]!.averager.exchange('shard-0'), 'ok')
  }
  const rate = Math.log(distance() / start) / exchanges
  const expected = Math.log(1 - 1 / (n - 1))
  // 320 exchanges: the spread of the measured rate over seeds is about 10%.
  t.true(Math.abs(rate / expected - 1) < 0.35, `rate ${rate}, expected ${expected}`)
  t.true(relativeDrift(before, conserved(hosts), hosts) < 1e-6)
  await swarm.stop()
})

test('training peers keep a bounded disagreement and an exact sum, scheduled by their own steps', async t => {
  const swarm = await averagingSwarm({
    peers: 6,
    groups: [300, 300],
    shards: 2,
    factory: pairwiseGossip({ every: 10 }),
    initial: (_, length) => new Float32Array(length).fill(1),
    stepScale: 1e-2,
  })
  const hosts = swarm.peers.map(peer => peer.host)
  const before = conserved(hosts)
  const end = new AbortController()
  const steps = 600
  await Promise.all(
    swarm.peers.map(async ({ host, averager }) => {
      await host.train(AbortSignal.any([end.signal]), step => {
        averager.onStep(step)
        if (step === steps) end.abort()
      })
    }),
  )
  await Promise.all(swarm.peers.map(({ averager }) => averager.stop(new AbortController().signal)))
  t.true(relativeDrift(before, conserved(hosts), hosts) < 1e-6)
  // Without averaging each coordinate would have wandered steps * scale^2 from the mean.
  const alone = 600 * steps * 1e-4
  const distance = consensusDistance(hosts.map(host => host.values))
  t.true(distance < alone / 4, `${distance} against ${alone} alone`)
  for (const { averager } of swarm.peers) {
    t.true(averager.counters.ok > 0)
    t.true(averager.counters.staleness.length > 0)
  }
  await swarm.stop()
})
