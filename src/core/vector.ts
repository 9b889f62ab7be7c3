/** Arithmetic on flat parameter vectors. Plain loops over equal lengths; nothing allocates. */

/** target += scale * values */
export function addScaled(target: Float32Array, values: Float32Array, scale: number): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + scale * values[i]!
}

/** Four sums, as in `allFinite`. */
export function sumOfSquares(values: Float32Array): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const whole = values.length - (values.length % 4)
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * values[i]!
    b += values[i + 1]! * values[i + 1]!
    c += values[i + 2]! * values[i + 2]!
    d += values[i + 3]! * values[i + 3]!
  }
  for (let i = whole; i < values.length; i++) a += values[i]! * values[i]!
  return a + b + c + d
}

/**
 * True if no element is NaN or infinite: x - x is 0 for finite x and NaN otherwise. Four sums, because one is a chain of
 * additions that each wait for the one before: up to five times as slow.
 */
export function allFinite(values: Float32Array): boolean {
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
export function consensusDistance(vectors: readonly Float32Array[]): number {
  const mean = meanVector(vectors)
  let sum = 0
  for (const vector of vectors) {
    for (let i = 0; i < mean.length; i++) sum += (vector[i]! - mean[i]!) ** 2
  }
  return sum / vectors.length
}
