import { sumOfSquares } from '../../core/vector.ts'

export interface Clipping {
  /** Euclidean norm of the gradient; NaN or infinite if an element is. */
  norm: number
  /** What the gradient has to be multiplied by, which an optimizer does in the pass that reads it anyway. */
  scale: number
}

/**
 * How to bring the gradient down to Euclidean norm `limit` if it is longer (Pascanu et al. 2013, arXiv:1211.5063).
 * @param limit 0 leaves the gradient alone
 */
export function clipping(gradients: Float32Array, limit: number): Clipping {
  const norm = Math.sqrt(sumOfSquares(gradients))
  return { norm, scale: limit > 0 && norm > limit ? limit / norm : 1 }
}
