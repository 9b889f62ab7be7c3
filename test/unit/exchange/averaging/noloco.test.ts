import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { consensusDistance } from '../../../../src/core/vector.ts'
import { noloco, towardsMean } from '../../../../src/exchange/averaging/noloco.ts'
import type { OuterState } from '../../../../src/exchange/averaging/outer-step.ts'
import { randomMatching } from '../../../../src/exchange/topology/matching.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'

const never = new AbortController().signal

/** Outer steps of random pairs without any training between them: theta = phi. Consensus distances, first to last. */
function distances(learningRate: number, momentum: number, rounds: number): number[] {
  const stream = random('noloco')
  const rule = towardsMean(learningRate, momentum)
  const members = Array.from({ length: 64 }, (_, i) => String(i))
  const states = members.map((): OuterState => {
    const phi = Float32Array.from({ length: 100 }, () => stream.normal())
    return { phi, velocity: new Float32Array(100) }
  })
  const all = [consensusDistance(states.map(({ phi }) => phi))]
  for (let round = 0; round < rounds; round++) {
    for (const pair of randomMatching(members, 'seed', round)) {
      const [a, b] = pair.map(member => states[Number(member)]!)
      const mean = a!.phi.map((value, i) => (value + b!.phi[i]!) / 2)
      for (const state of [a!, b!]) rule({ phi: state.phi.slice(), velocity: state.velocity.slice() }, mean, state)
    }
    all.push(consensusDistance(states.map(({ phi }) => phi)))
  }
  return all
}

test('pairs agree at the published settings, and drift apart beyond the bound (acceptance check 7)', t => {
  const published = distances(0.7, 0.5, 40)
  t.true(published[40]! < 1e-5 * published[0]!, String(published[40]! / published[0]!))
  const unstable = distances(0.7, 0.9, 40)
  t.true(unstable[40]! > 10 * unstable[0]!, String(unstable[40]! / unstable[0]!))
})

test('disagreement shrinks just below the bound 2 (1 - alpha^2) and grows just above', t => {
  for (const alpha of [0, 0.5]) {
    const bound = 2 * (1 - alpha ** 2)
    const shrinking = distances(0.9 * bound, alpha, 300)
    t.true(shrinking[300]! < 0.1 * shrinking[0]!, String(shrinking[300]!))
    const growing = distances(1.1 * bound, alpha, 300)
    t.true(growing[300]! > 10 * growing[0]!, String(growing[300]!))
  }
})

test('without momentum and with a full step it is pair averaging', t => {
  const state = { phi: Float32Array.of(1, -3), velocity: Float32Array.of(5, 5) }
  const mean = Float32Array.of(2, 7)
  towardsMean(1, 0)({ phi: state.phi.slice(), velocity: state.velocity.slice() }, mean, state)
  t.deepEqual(state.phi, mean)
})

test('settings at which pairs drift apart are refused', t => {
  t.throws(() => noloco({ outerMomentum: 0.9 }), {
    code: 'SPECIFICATION_INVALID',
    message: 'Expected `outerLearningRate` to be a number > 0 and < 2 (1 - outerMomentum^2) = 0.38, got 0.7',
  })
  t.throws(() => noloco({ outerLearningRate: 1.5 }), { code: 'SPECIFICATION_INVALID' })
  t.throws(() => noloco({ outerMomentum: 1 }), { code: 'SPECIFICATION_INVALID', message: /outerMomentum/ })
  t.notThrows(() => noloco({ outerLearningRate: 1.99, outerMomentum: 0 }))
})

test('the mean of an odd number of peers moves as if nobody had idled', async t => {
  const [gamma, alpha] = [0.7, 0.5]
  const swarm = await averagingSwarm({
    peers: 3,
    groups: [50],
    factory: noloco({ every: 1, timeout: 20 }),
    stepScale: 0.1,
  })
  const meanOf = () => {
    const mean = new Float64Array(50)
    for (const { host } of swarm.peers) for (let i = 0; i < 50; i++) mean[i]! += host.values[i]! / 3
    return mean
  }
  let phi = meanOf()
  let velocity = new Float64Array(50)
  for (let round = 1; round <= 6; round++) {
    for (const { host } of swarm.peers) host.takeStep()
    const theta = meanOf()
    await Promise.all(swarm.peers.map(({ averager }) => averager.barriers!.meet(round, never)))
    velocity = velocity.map((v, i) => alpha * v + gamma * (theta[i]! - phi[i]!))
    phi = phi.map((value, i) => value + velocity[i]!)
    const got = meanOf()
    t.true(phi.every((value, i) => Math.abs(value - got[i]!) < 1e-5))
  }
  await swarm.stop()
})
