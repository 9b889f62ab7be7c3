import test from 'ava'
import { consensusDistance } from '../../../../src/core/vector.ts'
import { dPsgd } from '../../../../src/exchange/averaging/d-psgd.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'

const never = new AbortController().signal

type Swarm = Awaited<ReturnType<typeof averagingSwarm>>
const meet = (swarm: Swarm) => Promise.all(swarm.peers.map(({ averager }) => averager.barriers!.meet(1, never)))
const vectors = (swarm: Swarm) => swarm.peers.map(({ host }) => host.values)

test('one round on a ring is the mean of oneself and both neighbours', async t => {
  const swarm = await averagingSwarm({ peers: 5, groups: [10], factory: dPsgd({ timeout: 20 }) })
  const before = vectors(swarm).map(vector => vector.slice())
  await meet(swarm)
  for (const [rank, vector] of vectors(swarm).entries()) {
    const around = [rank, (rank + 1) % 5, (rank + 4) % 5].map(other => before[other]!)
    t.true(vector.every((value, i) => Math.abs(value - around.reduce((sum, other) => sum + other[i]! / 3, 0)) < 1e-6))
  }
  await swarm.stop()
})

test('hypercube and one-peer exponential are exact after log2 n rounds', async t => {
  for (const topology of ['hypercube', 'one-peer-exponential'] as const) {
    const swarm = await averagingSwarm({ peers: 8, groups: [64], factory: dPsgd({ topology, timeout: 20 }) })
    const start = consensusDistance(vectors(swarm))
    for (let round = 0; round < 3; round++) await meet(swarm)
    t.true(consensusDistance(vectors(swarm)) < 1e-10 * start, topology)
    await swarm.stop()
  }
})

test('the mean stays, whatever the codec loses', async t => {
  for (const codec of ['int8', 'int4'] as const) {
    const swarm = await averagingSwarm({ peers: 4, groups: [600], factory: dPsgd({ codec, timeout: 20 }) })
    const mean = () =>
      vectors(swarm).reduce((sum, vector) => sum.map((value, i) => value + vector[i]! / 4), new Float64Array(600))
    const before = mean()
    for (let round = 0; round < 5; round++) await meet(swarm)
    t.true(
      mean().every((value, i) => Math.abs(value - before[i]!) < 1e-6),
      codec,
    )
    await swarm.stop()
  }
})

test('a peer waits for its neighbours alone', async t => {
  const swarm = await averagingSwarm({ peers: 6, groups: [10], factory: dPsgd({ timeout: 20 }) })
  // On a ring of six, whoever is opposite the one that does not come has both neighbours.
  const present = swarm.peers.filter((_, rank) => rank !== 0)
  const meeting = present.map(({ averager }) => averager.barriers!.meet(1, never))
  await Promise.all(meeting.slice(1, 4))
  t.deepEqual(
    present.map(({ averager }) => averager.counters.ok),
    [0, 1, 1, 1, 0],
  )
  await swarm.peers[0]!.averager.barriers!.meet(1, never)
  await Promise.all(meeting)
  await swarm.stop()
})

test('a number of peers that the topology cannot be had for is said once, and nobody waits', async t => {
  const swarm = await averagingSwarm({ peers: 3, groups: [10], factory: dPsgd({ topology: 'hypercube', timeout: 20 }) })
  await meet(swarm)
  await meet(swarm)
  for (const { averager, events } of swarm.peers) {
    t.deepEqual(averager.counters.failed, { 'no-partner': 2 })
    const warnings = events.filter(event => event.type === 'warning')
    t.is(warnings.length, 1)
    t.regex(warnings[0]!.message, /power of two, got 3/)
  }
  await swarm.stop()
})
