import test from 'ava'
import { estimate, median } from '../../../../src/experiment/statistics/estimate.ts'
import { studentQuantile } from '../../../../src/experiment/statistics/student.ts'

/** The usual tables of two-sided 95% and 99% points. */
const table: readonly [degrees: number, t95: number, t99: number][] = [
  [1, 12.7062047, 63.6567412],
  [2, 4.302653, 9.924843],
  [3, 3.182446, 5.840909],
  [4, 2.776445, 4.604095],
  [5, 2.570582, 4.032143],
  [9, 2.262157, 3.249836],
  [10, 2.228139, 3.169273],
  [29, 2.0452296, 2.756386],
  [30, 2.042272, 2.749996],
  [120, 1.97993, 2.617421],
]

test('quantiles of Student’s t are those of the tables', t => {
  for (const [degrees, t95, t99] of table) {
    t.true(Math.abs(studentQuantile(degrees) - t95) < 1e-6, `${degrees} degrees, 95%`)
    t.true(Math.abs(studentQuantile(degrees, 0.99) - t99) < 1e-6, `${degrees} degrees, 99%`)
  }
  t.throws(() => studentQuantile(0), { message: 'Expected `degrees` to be an integer >= 1, got 0' })
  t.throws(() => studentQuantile(4, 1), { message: 'Expected `confidence` to be in (0, 1), got 1' })
})

test('an estimate is the mean with its interval, which a single value has not', t => {
  const found = estimate([1, 2, 3, 4, 5])!
  t.is(found.mean, 3)
  t.is(found.count, 5)
  // 3 -+ 2.776445 * sqrt(2.5 / 5)
  t.is(found.interval!.low.toFixed(5), '1.03676')
  t.is(found.interval!.high.toFixed(5), '4.96324')
  t.deepEqual(estimate([7, 7, 7]), { count: 3, mean: 7, interval: { low: 7, high: 7 } })
  t.deepEqual(estimate([7]), { count: 1, mean: 7, interval: undefined })
  t.is(estimate([]), undefined)
})

test('the median of an even number of values lies between the middle two; infinity counts', t => {
  t.is(median([3, 1, 2]), 2)
  t.is(median([4, 1, 2, 3]), 2.5)
  t.is(median([1, 2, Infinity]), 2)
  t.is(median([1, Infinity, Infinity]), Infinity)
  t.is(median([Infinity, Infinity]), Infinity)
  t.is(median([]), undefined)
})
