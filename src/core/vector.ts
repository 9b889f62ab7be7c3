/** Arithmetic on flat parameter vectors. Plain loops over equal lengths; nothing allocates. */

/** target += scale * values */
export function addScaled(target: Float32Array, values: Float32Array, scale: number): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + scale * values[i]!
}

export function sumOfSquares(values: Float32Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!
  return sum
}

/** True if no element is NaN or infinite. x - x is 0 for finite x and NaN otherwise. */
export function allFinite(values: Float32Array): boolean {
  let probe = 0
  for (let i = 0; i < values.length; i++) probe += values[i]! - values[i]!
  return probe === 0
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
