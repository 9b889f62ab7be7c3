import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { TensorSpec } from '../../core/layout.ts'
import type { Random } from '../../core/random.ts'

/** Named tensors: a model's parameters, or a batch's inputs. */
export type NamedTensors = Readonly<Record<string, Tensor>>

export interface InputSpec {
  name: string
  shape: readonly number[]
  dtype: 'int32' | 'float32'
}

/**
 * A model as plain TensorFlow.js code. It says nothing of where it runs: the engine traces `loss` into a graph, and
 * the same function runs eagerly on any tfjs backend.
 */
export interface Model {
  /** Parameters in any order; `group` orders them along the way of the data. */
  readonly parameters: readonly ModelParameter[]
  /** What one batch holds, for a batch of `batchSize` examples. */
  inputs(batchSize: number): readonly InputSpec[]
  /** What training minimises: the mean loss over the batch, in nats per predicted symbol. Pure: builds no variables. */
  loss(parameters: NamedTensors, batch: NamedTensors): Scalar
  /**
   * What evaluation reports, means over the batch too: the loss without what belongs to training alone (dropout, the
   * batch's own statistics), and metrics.
   */
  evaluate(parameters: NamedTensors, batch: NamedTensors): Measured
  /** What inference computes, if the model is of a kind that says so: a batch's `inputs` -> logits, with the batch first. */
  logits?(parameters: NamedTensors, inputs: Tensor): Tensor
  /** Predicted symbols in a batch of `batchSize` examples; what `tokens` counts. */
  tokens(batchSize: number): number
}

/** The loss and, by name, metrics. */
export interface Measured {
  readonly loss: Scalar
  readonly [metric: string]: Scalar
}

/** A model that continues a sequence. */
export interface SequenceModel extends Model {
  /** Longest sequence, in tokens. */
  readonly context: number
  readonly vocabulary: number
  /** [batch, time] int32 tokens -> [batch, time, vocabulary] logits. */
  logits(parameters: NamedTensors, tokens: Tensor): Tensor
}

export interface ModelParameter extends TensorSpec {
  /** Fills a tensor of this parameter's size with its initial values. */
  initialize(values: Float32Array, random: Random): void
}
