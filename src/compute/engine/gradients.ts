import { div, mul, type Scalar, type Tensor, valueAndGrads } from '@tensorflow/tfjs-core'

/** A graph's input by which the loss is multiplied before the backward pass, where that computes in float16. */
export const lossScaleName = 'lossScale'

/**
 * `loss` of `values`, and its gradient with respect to each.
 * @param lossScale scalar; the loss is multiplied by it on the way back, and the gradients divided by it in the end
 */
export function lossAndGradients(
  loss: (...values: Tensor[]) => Scalar,
  values: Tensor[],
  lossScale: Tensor | undefined,
): { loss: Tensor; gradients: Tensor[] } {
  if (!lossScale) {
    const { value, grads } = valueAndGrads(loss)(values)
    return { loss: value, gradients: grads }
  }
  const { value, grads } = valueAndGrads((...each: Tensor[]): Scalar => mul(loss(...each), lossScale))(values)
  return { loss: div(value, lossScale), gradients: grads.map(gradient => div(gradient, lossScale)) }
}
