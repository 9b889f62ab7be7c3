import type { ParameterLayout } from '../../core/layout.ts'

/** The tensors of a parameter vector that no optimizer moves (`TensorSpec.statistic`), around an optimizer's update. */
export interface Statistics {
  /** Moves their gradients out of the vector, where zeros remain: nothing is clipped or averaged into a moment. */
  take(gradients: Float32Array): void
  /** Subtracts what was taken from their values. */
  apply(parameters: Float32Array): void
}

export function statistics(layout: ParameterLayout): Statistics {
  const ranges = layout.tensors
    .filter(({ statistic }) => statistic)
    .map(({ offset, length }) => ({ offset, taken: new Float32Array(length) }))
  return {
    take: gradients => {
      for (const { offset, taken } of ranges) {
        taken.set(gradients.subarray(offset, offset + taken.length))
        gradients.fill(0, offset, offset + taken.length)
      }
    },
    apply: parameters => {
      for (const { offset, taken } of ranges) {
        for (const [i, change] of taken.entries()) parameters[offset + i] = parameters[offset + i]! - change
      }
    },
  }
}
