import { classifier, denseLayers } from './classifier.ts'
import { heParameters } from './initialize.ts'
import type { Model } from './model.ts'

export interface MlpInit {
  /** Size of an example. Must be >= 1. */
  inputs: number
  /** Sizes of the hidden layers, first to last; may be empty. Each must be >= 1. */
  hidden: readonly number[]
  /** Targets are in [0, classes). Must be >= 1. */
  classes: number
}

/**
 * A multi-layer perceptron that classifies: dense layers with ReLU between them. Batches hold `inputs`, float32
 * [batch, inputs], and `targets`, int32 [batch].
 */
export function mlp(init: MlpInit): Model {
  for (const size of [init.inputs, ...init.hidden, init.classes]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new TypeError(`Expected every size of the mlp to be an integer >= 1, got ${size}`)
    }
  }
  const sizes = [init.inputs, ...init.hidden, init.classes]
  return classifier({
    shape: [init.inputs],
    parameters: sizes.slice(1).flatMap((to, i) => heParameters(`layers.${i}`, [sizes[i]!, to], i)),
    logits: (parameters, inputs) => denseLayers(parameters, inputs, sizes.length - 1),
  })
}
