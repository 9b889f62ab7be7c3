import test from 'ava'
import { commonReach, valueAt } from '../../../../src/experiment/statistics/series.ts'

const series = [
  { x: 0, y: 6 },
  { x: 10, y: 4 },
  { x: 10, y: 3 },
  { x: 20, y: 2 },
]

test('a series is linear between its points', t => {
  t.is(valueAt(series, 0), 6)
  t.is(valueAt(series, 5), 5)
  t.is(valueAt(series, 15), 2.5)
  t.is(valueAt(series, 20), 2)
})

test('of several points at one place the last one counts', t => {
  t.is(valueAt(series, 10), 3)
  t.is(
    valueAt(
      [
        { x: 0, y: 6 },
        { x: 0, y: 4 },
      ],
      0,
    ),
    4,
  )
})

test('outside of a series, and where it is not finite, there is no value', t => {
  t.is(valueAt(series, -1), undefined)
  t.is(valueAt(series, 20.1), undefined)
  t.is(valueAt([], 0), undefined)
  t.is(
    valueAt(
      [
        { x: 0, y: 6 },
        { x: 2, y: Number.NaN },
      ],
      1,
    ),
    undefined,
  )
  t.is(
    valueAt(
      [
        { x: 0, y: 6 },
        { x: 2, y: Number.NaN },
      ],
      2,
    ),
    undefined,
  )
})

test('what all series reached is the least of their ends', t => {
  t.is(
    commonReach([
      series,
      [
        { x: 0, y: 1 },
        { x: 15, y: 0 },
      ],
    ]),
    15,
  )
  t.is(commonReach([series, []]), undefined)
  t.is(commonReach([]), undefined)
})
