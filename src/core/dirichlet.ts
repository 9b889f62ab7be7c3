import type { Random } from './random.ts'

/** A smaller shape would overflow a logarithm, and makes no difference: all but one of the proportions are 0 far above it. */
const SMALLEST_SHAPE = 1e-300

/**
 * The logarithm of a Gamma(shape, 1) variate. A small shape's variates are far below the smallest number above 0 (half
 * of those of shape 0.001 are under 1e-300), their logarithms are not.
 *
 * Marsaglia & Tsang 2000, "A simple method for generating gamma variables": rejection from a normal variate for
 * shape >= 1; below 1, Gamma(shape) is Gamma(shape + 1) U^(1 / shape).
 * @param shape must be > 0
 */
export function logGammaVariate(random: Random, shape: number): number {
  const boost = shape < 1 ? Math.log(1 - random.next()) / Math.max(shape, SMALLEST_SHAPE) : 0
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  while (true) {
    const x = random.normal()
    const root = 1 + c * x
    if (root <= 0) continue
    const v = root * root * root
    if (Math.log(1 - random.next()) < x * x * 0.5 + d * (1 - v + Math.log(v))) return Math.log(d * v) + boost
  }
}

/**
 * A draw from the symmetric Dirichlet distribution: `n` proportions with sum 1, even where `alpha` is large, most of
 * them 0 where it is small. Gamma variates by their sum (Devroye 1986, XI.4), in logarithms until the largest is known.
 * @param alpha concentration, must be > 0
 * @param n must be >= 1
 */
export function dirichlet(random: Random, alpha: number, n: number): Float64Array {
  const logs = Float64Array.from({ length: n }, () => logGammaVariate(random, alpha))
  const largest = logs.reduce((most, log) => Math.max(most, log))
  const weights = logs.map(log => Math.exp(log - largest))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map(weight => weight / sum)
}
