import test from 'ava'
import { linearScale, logScale, symlogScale } from '../../../../src/experiment/figure/scale.ts'

const range = [0, 100] as const

test('linear ticks are round and within the domain', t => {
  t.deepEqual(linearScale({ domain: [0, 1], range, ticks: 6 }).ticks, [0, 0.2, 0.4, 0.6, 0.8, 1])
  t.deepEqual(linearScale({ domain: [1.93, 2.48], range, ticks: 6 }).ticks, [2, 2.1, 2.2, 2.3, 2.4])
  t.deepEqual(linearScale({ domain: [-0.3, 0.1], range, ticks: 5 }).ticks, [-0.3, -0.2, -0.1, 0, 0.1])
  t.deepEqual(linearScale({ domain: [0, 700], range, ticks: 4 }, 60).ticks, [0, 300, 600], 'round in minutes')
})

test('a linear scale maps its domain to its range, backwards too', t => {
  const scale = linearScale({ domain: [2, 4], range: [300, 100], ticks: 5 })
  t.deepEqual([2, 3, 4].map(scale.position), [300, 200, 100])
})

test('a single value still has a scale', t => {
  const scale = linearScale({ domain: [2, 2], range, ticks: 4 })
  t.is(Math.round(scale.position(2)), 50)
  t.true(scale.ticks.length >= 2)
  t.is(Math.round(logScale({ domain: [8, 8], range, ticks: 4 }).position(8)), 50)
})

test('logarithmic ticks are powers of ten, thinned where they crowd and refined where they are few', t => {
  t.deepEqual(logScale({ domain: [1, 1000], range, ticks: 5 }).ticks, [1, 10, 100, 1000])
  t.deepEqual(logScale({ domain: [1, 1e8], range, ticks: 5 }).ticks, [1, 100, 1e4, 1e6, 1e8])
  t.deepEqual(logScale({ domain: [1.5, 30], range, ticks: 5 }).ticks, [2, 5, 10, 20])
  t.deepEqual(logScale({ domain: [3.1, 3.9], range, ticks: 5 }).ticks, [3.2, 3.4, 3.6, 3.8])
  const scale = logScale({ domain: [1, 100], range, ticks: 3 })
  t.is(scale.position(10), 50)
  t.true(Number.isNaN(scale.position(-1)))
  t.throws(() => logScale({ domain: [0, 1], range, ticks: 3 }), { message: /begin above 0, got 0/ })
})

test('a symmetric logarithmic scale shows both signs, its middle and no crowd', t => {
  const scale = symlogScale({ domain: [-1, 1], range: [0, 600], ticks: 9 }, 0.01)
  t.deepEqual(scale.ticks, [-1, -0.1, 0, 0.1, 1])
  t.is(scale.position(0), 300)
  t.is(Math.round(scale.position(0.1) + scale.position(-0.1)), 600)
  t.true(scale.position(0.01) - scale.position(0) > 20)
})
