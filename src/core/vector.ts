import { simdFor } from './arena.ts'

/**
 * Arithmetic on flat parameter vectors, in single precision, sums in double; nothing allocates. Vectors of one arena
 * take the loops of assembly/loops.ts; what stands here is the reference, equal to the bit.
 */

/** target += scale * values */
export function addScaled(target: Float32Array, values: Float32Array, scale: number): void {
  const simd = simdFor(target.length, target, values)
  if (simd) simd.loops.triad(target.byteOffset, target.byteOffset, values.byteOffset, target.length, scale)
  else addScaledPlainly(target, values, Math.fround(scale))
}

function addScaledPlainly(target: Float32Array, values: Float32Array, scale: number): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + Math.fround(scale * values[i]!)
}

/**
 * NaN or infinite if an element is, and only then: squares of float32 are far from the limits of double. Eight sums,
 * because one is a chain of additions that each wait for the one before.
 */
export function sumOfSquares(values: Float32Array): number {
  const simd = simdFor(0, values)
  return simd ? simd.loops.sumOfSquares(values.byteOffset, values.length) : sumOfSquaresPlainly(values)
}

function sumOfSquaresPlainly(values: Float32Array): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let e = 0
  let f = 0
  let g = 0
  let h = 0
  const whole = values.length - (values.length % 8)
  for (let i = 0; i < whole; i += 8) {
    a += values[i]! * values[i]!
    b += values[i + 1]! * values[i + 1]!
    c += values[i + 2]! * values[i + 2]!
    d += values[i + 3]! * values[i + 3]!
    e += values[i + 4]! * values[i + 4]!
    f += values[i + 5]! * values[i + 5]!
    g += values[i + 6]! * values[i + 6]!
    h += values[i + 7]! * values[i + 7]!
  }
  let rest = 0
  for (let i = whole; i < values.length; i++) rest += values[i]! * values[i]!
  return a + e + (c + g) + (b + f + (d + h)) + rest
}

/** True if no element is NaN or infinite. */
export function allFinite(values: Float32Array): boolean {
  const simd = simdFor(0, values)
  return simd ? simd.loops.allFinite(values.byteOffset, values.length) === 1 : allFinitePlainly(values)
}

/** x - x is 0 for finite x and NaN otherwise. Four sums, as above. */
function allFinitePlainly(values: Float32Array): boolean {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const whole = values.length - (values.length % 4)
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! - values[i]!
    b += values[i + 1]! - values[i + 1]!
    c += values[i + 2]! - values[i + 2]!
    d += values[i + 3]! - values[i + 3]!
  }
  for (let i = whole; i < values.length; i++) a += values[i]! - values[i]!
  return a + b + c + d === 0
}

/** Mean of equally long vectors. */
export function meanVector(vectors: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const mean = new Float32Array(vectors[0]?.length ?? 0)
  for (const vector of vectors) addScaled(mean, vector, 1 / vectors.length)
  return mean
}

/** Consensus distance Xi = (1/n) sum ||x_i - mean||^2. */
export function consensusDistance(vectors: readonly Float32Array[], mean = meanVector(vectors)): number {
  let sum = 0
  for (const vector of vectors) {
    for (let i = 0; i < mean.length; i++) sum += (vector[i]! - mean[i]!) ** 2
  }
  return sum / vectors.length
}
