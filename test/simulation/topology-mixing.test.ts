import test from 'ava'
import { simulateMixing } from '../../src/exchange/topology/simulate-mixing.ts'
import { createTopology, type TopologyInit } from '../../src/exchange/topology/topologies.ts'
import { peers } from '../compliance/topology.ts'

const DIMENSION = 16

function distances(init: TopologyInit, n: number, rounds: number, failure = 0, seed: string | number = 0) {
  const topology = createTopology(init)
  return simulateMixing({ topology, members: peers(n), dimension: DIMENSION, rounds, failure, seed })
}

/** ALGORITHMS check 4. */
for (const n of [8, 16, 64]) {
  for (const kind of ['hypercube', 'one-peer-exponential'] as const) {
    test(`${kind} of ${n} is exact after ${Math.log2(n)} rounds, and not before`, t => {
      const xi = distances({ kind }, n, Math.log2(n))
      t.true(Math.sqrt(n * xi.at(-1)!) < 1e-6)
      t.true(xi.at(-2)! > 1e-3)
    })
  }
}

test('one-peer exponential of 12 is not exact after a sweep of 4 rounds', t => {
  t.true(distances({ kind: 'one-peer-exponential' }, 12, 4).at(-1)! > 1e-3)
})

test('a full grid is exact after as many rounds as it has axes, all-reduce after one', t => {
  t.true(distances({ kind: 'grid', dimensions: 2 }, 64, 2).at(-1)! < 1e-24)
  t.true(distances({ kind: 'grid', dimensions: 3 }, 64, 3).at(-1)! < 1e-24)
  t.true(distances({ kind: 'grid', dimensions: 3 }, 64, 2).at(-1)! > 1e-3)
  t.true(distances({ kind: 'complete' }, 11, 1).at(-1)! < 1e-24)
})

/** Mean of Xi after / Xi before over the rounds of many trials. */
function contraction(init: (trial: number) => TopologyInit, n: number, failure = 0): number {
  let [before, after] = [0, 0]
  for (let trial = 0; trial < 200; trial++) {
    const xi = distances(init(trial), n, 3, failure, trial)
    for (let round = 0; round < 3; round++) {
      before += xi[round]! / xi[0]!
      after += xi[round + 1]! / xi[0]!
    }
  }
  return after / before
}

for (const [n, g, expected] of [
  [16, 2, 14 / 30],
  [15, 2, 1 / 2],
  [16, 4, 12 / (4 * 15)],
  [60, 6, 54 / (6 * 59)],
] as const) {
  test(`random groups of ${g} among ${n} contract disagreement by ${expected.toFixed(3)} a round`, t => {
    const lambda = contraction(seed => ({ kind: 'groups', size: g, seed }), n)
    t.true(Math.abs(lambda / expected - 1) < 0.05, `${lambda}`)
  })
}

test('exchanges that fail with probability p leave p + (1 - p) lambda', t => {
  for (const p of [0.1, 0.2, 0.5]) {
    const lambda = contraction(seed => ({ kind: 'matching', seed }), 16, p)
    t.true(Math.abs(lambda / (p + ((1 - p) * 14) / 30) - 1) < 0.05, `${p}: ${lambda}`)
  }
})

/** The rate that is left after many rounds: the square of the second largest |eigenvalue|. */
for (const [init, n, gap] of [
  [{ kind: 'ring' }, 16, (2 / 3) * (1 - Math.cos((2 * Math.PI) / 16))],
  [{ kind: 'ring' }, 9, (2 / 3) * (1 - Math.cos((2 * Math.PI) / 9))],
  [{ kind: 'star' }, 12, 1 / 12],
  [{ kind: 'static-exponential' }, 16, 2 / 5],
  [{ kind: 'static-exponential' }, 64, 2 / 7],
] as const) {
  test(`the spectral gap of a ${init.kind} of ${n} is ${gap.toFixed(3)}`, t => {
    const rounds = gap > 0.2 ? 30 : 120
    const xi = distances(init, n, rounds)
    t.true(Math.abs(Math.sqrt(xi[rounds]! / xi[rounds - 1]!) - (1 - gap)) < 1e-3)
  })
}

test('failures hinder but never bias: every topology still agrees on the mean of the start', t => {
  const regions = Object.fromEntries(peers(16).map((peer, i) => [peer, `region-${i % 4}`]))
  const inits: TopologyInit[] = [
    { kind: 'random-pairs' },
    { kind: 'matching' },
    { kind: 'one-peer-exponential' },
    { kind: 'static-exponential' },
    { kind: 'hypercube' },
    { kind: 'ring' },
    { kind: 'star' },
    { kind: 'complete' },
    { kind: 'regions', regions },
    { kind: 'groups' },
    { kind: 'grid' },
  ]
  for (const init of inits) {
    const xi = distances(init, 16, 700, 0.2)
    t.true(xi.at(-1)! < 1e-18, `${init.kind}: ${xi.at(-1)}`)
    t.true(xi[1]! > 1e-6)
  }
})

/** Mean rounds until the variance of a coordinate is below 1e-9. */
function rounds(init: (seed: number) => TopologyInit, n: number, failure: number, most = 120): number {
  const trials = 4
  let sum = 0
  for (let trial = 0; trial < trials; trial++) {
    const reached = distances(init(trial), n, most, failure, trial).findIndex(xi => xi / DIMENSION < 1e-9)
    sum += reached < 0 ? Infinity : reached
  }
  return sum / trials
}

/** The table of ALGORITHMS section 5. */
for (const [dropout, pairs, groups, grid] of [
  [0, 30.1, 6.2, 2],
  [0.01, 30.8, 7, 5.7],
  [0.1, 35.3, 9.9, 10.5],
  [0.2, 40.8, 12.8, 14.6],
] as const) {
  test(`1024 peers, ${100 * dropout}% dropout: rounds until they agree`, t => {
    const measured = [
      rounds(seed => ({ kind: 'matching', seed }), 1024, dropout, 45),
      rounds(seed => ({ kind: 'groups', size: 32, seed }), 1024, dropout, 20),
      rounds(() => ({ kind: 'grid', dimensions: 2 }), 1024, dropout, 20),
    ]
    t.log(...measured)
    for (const [i, expected] of [pairs, groups, grid].entries()) {
      t.true(Math.abs(measured[i]! - expected) <= 0.5 + 0.05 * expected, `${measured[i]}, expected ${expected}`)
    }
  })
}

test('all-reduce stalls if a single one of 16 fails', t => {
  const trials = 200
  let sum = 0
  for (let trial = 0; trial < trials; trial++) {
    sum += distances({ kind: 'complete' }, 16, 300, 0.2, trial).findIndex(xi => xi < 1e-9)
  }
  const expected = 1 / 0.8 ** 16 // geometric; the mean of 200 has a standard deviation of 7%
  t.true(Math.abs(sum / trials / expected - 1) < 0.25, `${sum / trials}, expected ${expected}`)
})

test('the same seed gives the same distances', t => {
  t.deepEqual(distances({ kind: 'ring' }, 9, 20, 0.3), distances({ kind: 'ring' }, 9, 20, 0.3))
  t.notDeepEqual(distances({ kind: 'ring' }, 9, 20, 0.3), distances({ kind: 'ring' }, 9, 20, 0.3, 'other'))
  t.throws(() => distances({ kind: 'ring' }, 9, 1, 1), {
    message: 'Expected `failure` to be a probability below 1, got 1',
  })
})
