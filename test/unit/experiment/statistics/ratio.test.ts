import test from 'ava'
import { type Censored, pairedRatio } from '../../../../src/experiment/statistics/ratio.ts'

/** Negative numbers stand for censored ones. */
const bySeed = (...values: number[]): Map<number, Censored> =>
  new Map(values.map((value, i) => [i + 1, { value: Math.abs(value), censored: value < 0 }]))

test('ratios have a geometric mean with an interval on the logarithm', t => {
  const ratio = pairedRatio(bySeed(20, 80), bySeed(10, 10))
  t.is(ratio.kind, 'exact')
  if (ratio.kind !== 'exact') return
  t.is(ratio.mean.toFixed(9), '4.000000000')
  // ln 4 -+ 12.706205 * ln(4) / sqrt(2) / sqrt(2), of logarithms ln 2 and ln 8
  const half = 12.706205 * Math.log(2)
  t.is(Math.log(ratio.interval!.low).toFixed(4), (Math.log(4) - half).toFixed(4))
  t.is(Math.log(ratio.interval!.high).toFixed(4), (Math.log(4) + half).toFixed(4))
  t.is(pairedRatio(bySeed(20), bySeed(10)).kind, 'exact')
})

test('a ratio and its inverse agree', t => {
  const there = pairedRatio(bySeed(30, 50, 90), bySeed(10, 20, 20))
  const back = pairedRatio(bySeed(10, 20, 20), bySeed(30, 50, 90))
  if (there.kind !== 'exact' || back.kind !== 'exact') return t.fail()
  t.is((there.mean * back.mean).toFixed(9), '1.000000000')
  t.is((there.interval!.low * back.interval!.high).toFixed(9), '1.000000000')
})

test('what is censored makes a bound on its side, and nothing when both sides are', t => {
  t.like(pairedRatio(bySeed(20, -80), bySeed(10, 10)), { kind: 'at-least', count: 2 })
  t.like(pairedRatio(bySeed(20, 80), bySeed(-10, 10)), { kind: 'at-most', count: 2 })
  t.deepEqual(pairedRatio(bySeed(-20, 80), bySeed(10, -10)), { kind: 'unknown' })
  t.deepEqual(pairedRatio(bySeed(-20), bySeed(-10)), { kind: 'unknown' })
})

test('without pairs, or with a zero, nothing is known', t => {
  t.deepEqual(pairedRatio(new Map(), bySeed(1)), { kind: 'unknown' })
  t.deepEqual(pairedRatio(bySeed(1), new Map([[7, { value: 1, censored: false }]])), { kind: 'unknown' })
  t.deepEqual(pairedRatio(bySeed(1, 1), bySeed(1, 0)), { kind: 'unknown' })
  t.deepEqual(pairedRatio(bySeed(0), bySeed(0)), { kind: 'unknown' })
})
