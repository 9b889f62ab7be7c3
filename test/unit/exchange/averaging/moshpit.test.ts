import test from 'ava'
import { consensusDistance } from '../../../../src/core/vector.ts'
import { moshpit } from '../../../../src/exchange/averaging/moshpit.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'

const never = new AbortController().signal

type Swarm = Awaited<ReturnType<typeof averagingSwarm>>
const meet = (swarm: Swarm) => Promise.all(swarm.peers.map(({ averager }) => averager.barriers!.meet(1, never)))
const distance = (swarm: Swarm) => consensusDistance(swarm.peers.map(({ host }) => host.values))

test('a full grid is exact after as many rounds as it has axes, and not before', async t => {
  for (const { peers, groupSize, rounds } of [
    { peers: 8, groupSize: 2, rounds: 3 },
    { peers: 9, groupSize: 3, rounds: 2 },
  ]) {
    const swarm = await averagingSwarm({
      peers,
      groups: [64],
      factory: moshpit({ groupSize, grid: true, timeout: 20 }),
    })
    const start = distance(swarm)
    for (let round = 1; round <= rounds; round++) {
      t.true(distance(swarm) > 0.01 * start)
      await meet(swarm)
    }
    t.true(distance(swarm) < 1e-10 * start)
    await swarm.stop()
  }
})

test('random groups keep the mean; whoever is left over stays as it is and waits for nobody', async t => {
  const swarm = await averagingSwarm({ peers: 5, groups: [64], factory: moshpit({ groupSize: 2, timeout: 20 }) })
  const before = swarm.peers.map(({ host }) => host.values.slice())
  await meet(swarm)
  const unmoved = swarm.peers.filter(({ host }, i) => host.values.every((value, k) => value === before[i]![k]))
  t.is(unmoved.length, 1)
  const sum = (vectors: readonly Float32Array[]) =>
    vectors.reduce((total, vector) => total + vector.reduce((a, b) => a + b), 0)
  t.true(Math.abs(sum(swarm.peers.map(({ host }) => host.values)) - sum(before)) < 1e-3)
  for (const { averager } of swarm.peers) t.is(averager.counters.ok, 1)
  await swarm.stop()
})

test('groups of fewer than two are refused', t => {
  t.throws(() => moshpit({ groupSize: 1 }), { code: 'SPECIFICATION_INVALID', message: /groupSize/ })
})
