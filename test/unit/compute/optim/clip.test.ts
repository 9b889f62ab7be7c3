import test from 'ava'
import { clipping } from '../../../../src/compute/optim/clip.ts'

test('a longer gradient is to be scaled to the limit', t => {
  t.deepEqual(clipping(Float32Array.of(3, 0, -4), 2.5), { norm: 5, scale: 0.5 })
})

test('a shorter gradient, and any with limit 0, stays as it is', t => {
  t.deepEqual(clipping(Float32Array.of(3, 0, -4), 5), { norm: 5, scale: 1 })
  t.deepEqual(clipping(Float32Array.of(3, 0, -4), 0), { norm: 5, scale: 1 })
})

test('a gradient that is not finite shows in the norm', t => {
  t.is(clipping(Float32Array.of(1, Number.POSITIVE_INFINITY), 1).norm, Number.POSITIVE_INFINITY)
  t.true(Number.isNaN(clipping(Float32Array.of(Number.NaN, 9), 1).norm))
})
