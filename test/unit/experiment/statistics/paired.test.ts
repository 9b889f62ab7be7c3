import test from 'ava'
import { type BySeed, pairedDifference, verdict } from '../../../../src/experiment/statistics/paired.ts'

const seeds = [1, 2, 3, 4, 5]
const bySeed = (values: readonly number[]): BySeed => new Map(values.map((value, i) => [i + 1, value]))
const baseline = bySeed([2.0, 2.1, 1.9, 2.3, 2.2])
const plus = (differences: readonly number[]) =>
  bySeed(differences.map((difference, i) => baseline.get(i + 1)! + difference))

test('what the seeds share cancels out of a paired difference', t => {
  const { estimate, unpaired } = pairedDifference(plus([0.01, 0.02, 0.03, 0.04, 0.05]), baseline, seeds)
  t.is(estimate!.mean.toFixed(9), '0.030000000')
  // 0.03 -+ 2.776445 * sqrt(0.00025 / 5)
  t.is(estimate!.interval!.low.toFixed(7), '0.0103676')
  t.is(estimate!.interval!.high.toFixed(7), '0.0496324')
  t.deepEqual(unpaired, [])
})

test('a seed that one side lacks is named, not invented', t => {
  const { estimate, unpaired } = pairedDifference(
    new Map([
      [1, 2.5],
      [3, 2.4],
      [4, Number.NaN],
    ]),
    baseline,
    seeds,
  )
  t.is(estimate!.count, 2)
  t.is(estimate!.mean, 0.5)
  t.deepEqual(unpaired, [2, 4, 5])
  t.is(pairedDifference(new Map(), baseline, seeds).estimate, undefined)
})

test('verdicts: the whole interval below the margin, the whole above it, or neither', t => {
  const of = (differences: readonly number[], margin = 0.01) =>
    verdict(pairedDifference(plus(differences), baseline, seeds), margin)
  t.is(of([0.001, 0.002, 0, -0.001, 0.001]), 'non-inferior')
  t.is(of([-0.3, -0.2, -0.25, -0.3, -0.2]), 'non-inferior')
  t.is(of([0.02, 0.021, 0.022, 0.02, 0.021]), 'inferior')
  t.is(of([0.001, 0.03, -0.02, 0.01, 0.005]), 'inconclusive')
  t.is(of([0.005, 0.006, 0.005, 0.006, 0.005], 0.005), 'inconclusive', 'an interval around the margin')
})

test('one seed judges nothing, and a missing one forbids non-inferiority but not inferiority', t => {
  t.is(verdict(pairedDifference(new Map([[1, 2]]), baseline, [1]), 0.01), 'inconclusive')
  const four = (difference: number) => new Map([...plus(Array(5).fill(difference))].filter(([seed]) => seed !== 2))
  t.is(verdict(pairedDifference(four(0), baseline, seeds), 0.01), 'inconclusive')
  t.is(verdict(pairedDifference(four(0), baseline, [1, 3, 4, 5]), 0.01), 'non-inferior')
  t.is(verdict(pairedDifference(four(0.5), baseline, seeds), 0.01), 'inferior')
})
