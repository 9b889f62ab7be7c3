import test from 'ava'
import { clipGradients } from '../../../../src/compute/optim/clip.ts'

test('a longer gradient is scaled to the limit, keeping its direction', t => {
  const gradients = Float32Array.of(3, 0, -4)
  t.is(clipGradients(gradients, 2.5), 5)
  t.deepEqual([...gradients], [1.5, 0, -2])
})

test('a shorter gradient, and any with limit 0, stays as it is', t => {
  const gradients = Float32Array.of(3, 0, -4)
  t.is(clipGradients(gradients, 5), 5)
  t.is(clipGradients(gradients, 0), 5)
  t.deepEqual([...gradients], [3, 0, -4])
})

test('a gradient that is not finite is told and not touched', t => {
  const gradients = Float32Array.of(1, Number.POSITIVE_INFINITY)
  t.is(clipGradients(gradients, 1), Number.POSITIVE_INFINITY)
  t.true(Number.isNaN(clipGradients(Float32Array.of(Number.NaN, 9), 1)))
  t.deepEqual([...gradients], [1, Number.POSITIVE_INFINITY])
})
