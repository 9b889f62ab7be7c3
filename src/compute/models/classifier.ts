import * as tf from '@tensorflow/tfjs-core'
import { classification, crossEntropy, linear } from './layers.ts'
import type { Model, ModelParameter, NamedTensors } from './model.ts'

export interface ClassifierInit {
  /** Of one example. */
  shape: readonly number[]
  parameters: readonly ModelParameter[]
  /** [batch, ...shape] -> [batch, classes] */
  logits(parameters: NamedTensors, inputs: tf.Tensor): tf.Tensor
}

/**
 * A model that tells classes apart, by its cross-entropy. Batches hold `inputs`, float32 [batch, ...shape], and `targets`,
 * int32 [batch].
 */
export function classifier({ shape, parameters, logits }: ClassifierInit): Model {
  return {
    parameters,
    inputs: batchSize => [
      { name: 'inputs', shape: [batchSize, ...shape], dtype: 'float32' },
      { name: 'targets', shape: [batchSize], dtype: 'int32' },
    ],
    tokens: batchSize => batchSize,
    loss: (values, batch) => crossEntropy(logits(values, batch.inputs!), batch.targets!),
    evaluate: (values, batch) => classification(logits(values, batch.inputs!), batch.targets!),
    logits,
  }
}

/** Dense layers `layers.0`, `layers.1`... with ReLU between them. */
export function denseLayers(p: NamedTensors, inputs: tf.Tensor, count: number): tf.Tensor {
  let x = inputs
  for (let i = 0; i < count; i++) {
    const out = linear(x, p[`layers.${i}.weight`]!, p[`layers.${i}.bias`]!)
    x = i < count - 1 ? tf.relu(out) : out
  }
  return x
}
