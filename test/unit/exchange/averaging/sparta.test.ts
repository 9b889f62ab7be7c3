import test from 'ava'
import { consensusDistance } from '../../../../src/core/vector.ts'
import { sparta } from '../../../../src/exchange/averaging/sparta.ts'
import { averagingSwarm, conserved, relativeDrift } from '../../../support/averaging-pair.ts'

test('an exchange averages its coordinates exactly and leaves the others as they are', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [1000], factory: sparta({ fraction: 0.05 }) })
  const [a, b] = swarm.peers.map(peer => peer.host)
  t.is(await swarm.peers[0]!.averager.exchange('shard-0'), 'ok')
  await swarm.peers[1]!.averager.stop(new AbortController().signal)
  const moved = [...a!.values.keys()].filter(i => a!.values[i] !== a!.initial[i])
  t.is(moved.length, 50)
  for (const i of moved) {
    const mean = (a!.initial[i]! + b!.initial[i]!) / 2
    t.true(Math.abs(a!.values[i]! - mean) < 1e-6 && Math.abs(b!.values[i]! - mean) < 1e-6)
  }
  t.deepEqual(
    moved,
    [...b!.values.keys()].filter(i => b!.values[i] !== b!.initial[i]),
  )
  t.true(swarm.peers[0]!.averager.counters.bytesSent < 50 * 4 + 600)
  await swarm.stop()
})

test('disagreement falls at the rate of pairs, times the share of coordinates', async t => {
  const [n, fraction] = [8, 0.2]
  const swarm = await averagingSwarm({ peers: n, groups: [2000], factory: sparta({ fraction }) })
  const hosts = swarm.peers.map(peer => peer.host)
  const before = conserved(hosts)
  const distance = () => consensusDistance(hosts.map(host => host.values))
  const start = distance()
  const exchanges = 20 * n
  for (let i = 0; i < exchanges; i++) await swarm.peers[i % n]!.averager.exchange('shard-0')
  // One exchange of a random pair: 1 - p/(n-1) (ALGORITHMS sections 5 and 7).
  const rate = Math.log(distance() / start) / exchanges / Math.log(1 - fraction / (n - 1))
  t.true(Math.abs(rate - 1) < 0.2, `${rate}`)
  t.true(relativeDrift(before, conserved(hosts), hosts) < 1e-6)
  await swarm.stop()
})

test('options are checked', t => {
  t.throws(() => sparta({ fraction: 0 }), { message: 'Expected `fraction` to be a number > 0 and <= 1, got 0' })
  t.throws(() => sparta({ every: 0 }), { message: 'Expected `every` to be an integer >= 1, got 0' })
})
