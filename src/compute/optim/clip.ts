import { sumOfSquares } from '../../core/vector.ts'

/**
 * Scales the gradient down to Euclidean norm `limit` if it is longer (Pascanu et al. 2013, arXiv:1211.5063).
 * @param limit 0 leaves the gradient alone
 * @returns the norm before clipping; NaN or infinite if an element is, and then nothing is scaled
 */
export function clipGradients(gradients: Float32Array, limit: number): number {
  const norm = Math.sqrt(sumOfSquares(gradients))
  if (limit > 0 && norm > limit && Number.isFinite(norm)) {
    const scale = limit / norm
    for (let i = 0; i < gradients.length; i++) gradients[i] = gradients[i]! * scale
  }
  return norm
}
