import test from 'ava'
import { sharedFloats } from '../../../../src/core/parameters.ts'
import { allReduce } from '../../../../src/exchange/averaging/all-reduce.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'

const never = new AbortController().signal

test('every peer gets the mean of all gradients, the same to the bit', async t => {
  const swarm = await averagingSwarm({ peers: 3, groups: [100], factory: allReduce({ timeout: 20 }) })
  const gradients = swarm.peers.map(() => sharedFloats(100))
  for (const [peer, gradient] of gradients.entries()) for (let i = 0; i < 100; i++) gradient[i] = (peer + 1) * i
  for (let step = 0; step < 3; step++) {
    await Promise.all(swarm.peers.map(({ averager }, peer) => averager.reduceGradient!(gradients[peer]!, step, never)))
    for (const gradient of gradients) t.deepEqual(gradient, gradients[0])
  }
  for (let i = 0; i < 100; i++) t.true(Math.abs(gradients[0]![i]! - 2 * i) < 1e-4)
  await swarm.stop()
})

test('a gradient stays as it is where the round fails', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [100], factory: allReduce({ timeout: 0.3 }) })
  const gradient = sharedFloats(100).fill(7)
  await swarm.peers[0]!.averager.reduceGradient!(gradient, 0, never)
  t.true(gradient.every(value => value === 7))
  t.deepEqual(swarm.peers[0]!.averager.counters.failed, { 'timed-out': 1 })
  await swarm.stop()
})
