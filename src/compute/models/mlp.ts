import * as tf from '@tensorflow/tfjs-core'
import { heParameters } from './initialize.ts'
import { classification, crossEntropy, linear } from './layers.ts'
import type { Measured, Model, ModelParameter, NamedTensors } from './model.ts'

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
  return new Mlp(init)
}

class Mlp implements Model {
  readonly parameters: readonly ModelParameter[]
  readonly #inputs: number
  readonly #layers: number

  constructor({ inputs, hidden, classes }: MlpInit) {
    const sizes = [inputs, ...hidden, classes]
    this.#inputs = inputs
    this.#layers = sizes.length - 1
    this.parameters = sizes.slice(1).flatMap((to, i) => heParameters(`layers.${i}`, [sizes[i]!, to], i))
  }

  inputs(batchSize: number) {
    return [
      { name: 'inputs', shape: [batchSize, this.#inputs], dtype: 'float32' as const },
      { name: 'targets', shape: [batchSize], dtype: 'int32' as const },
    ]
  }

  tokens(batchSize: number): number {
    return batchSize
  }

  loss(parameters: NamedTensors, batch: NamedTensors): tf.Scalar {
    return crossEntropy(this.logits(parameters, batch.inputs!), batch.targets!)
  }

  evaluate(parameters: NamedTensors, batch: NamedTensors): Measured {
    return classification(this.logits(parameters, batch.inputs!), batch.targets!)
  }

  logits(parameters: NamedTensors, inputs: tf.Tensor): tf.Tensor {
    let x = inputs
    for (let i = 0; i < this.#layers; i++) {
      const out = linear(x, parameters[`layers.${i}.weight`]!, parameters[`layers.${i}.bias`]!)
      x = i < this.#layers - 1 ? tf.relu(out) : out
    }
    return x
  }
}
