import test from 'ava'
import { addScaled, allFinite, consensusDistance, meanVector, sumOfSquares } from '../../../src/core/vector.ts'

test('addScaled adds in place', t => {
  const target = Float32Array.of(1, 2)
  addScaled(target, Float32Array.of(10, 20), -0.5)
  t.deepEqual(target, Float32Array.of(-4, -8))
})

test('sumOfSquares', t => {
  t.is(sumOfSquares(Float32Array.of(3, -4)), 25)
  t.is(sumOfSquares(new Float32Array()), 0)
})

test('allFinite sees NaN and both infinities, anywhere', t => {
  t.true(allFinite(Float32Array.of(3e38, -3e38, 1e-45, 0)))
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    t.false(allFinite(Float32Array.of(bad, 1)))
    t.false(allFinite(Float32Array.of(1, bad)))
  }
})

test('meanVector and consensusDistance', t => {
  const vectors = [Float32Array.of(0, 2), Float32Array.of(4, 2)]
  t.deepEqual(meanVector(vectors), Float32Array.of(2, 2))
  t.is(consensusDistance(vectors), 4)
  t.is(consensusDistance([vectors[0]!, vectors[0]!]), 0)
  t.is(meanVector([]).length, 0)
})
