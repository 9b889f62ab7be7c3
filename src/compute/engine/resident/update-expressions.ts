import * as tf from '@tensorflow/tfjs-core'
import type { NamedTensors } from '../../models/model.ts'
import { type AdamWInit, adamwCorrections, adamwOptions } from '../../optim/adamw.ts'
import type { OptimizerConfig } from '../../optim/registry.ts'
import { type SgdInit, sgdOptions } from '../../optim/sgd.ts'

/** One parameter tensor and what its update reads. */
interface UpdatedTensor {
  parameter: tf.Tensor
  /** Already clipped. */
  gradient: tf.Tensor
  /** In the order of `state`. */
  state: readonly tf.Tensor[]
  /** Weight decay applies to it. */
  decays: boolean
}

/** An optimizer of `optim/` as tfjs code, to become part of a graph: the same equations, the same state. */
export interface UpdateExpression {
  readonly state: readonly string[]
  /** Names of the scalars that change from step to step. */
  readonly scalars: readonly string[]
  /** Their values. */
  at(learningRate: number, age: number): Readonly<Record<string, number>>
  /** The tensor and its state after the update. */
  update(tensor: UpdatedTensor, scalars: NamedTensors): { parameter: tf.Tensor; state: tf.Tensor[] }
}

export function updateExpression(config: OptimizerConfig): UpdateExpression {
  return config.kind === 'adamw' ? adamw(config) : sgd(config)
}

function adamw(init: AdamWInit): UpdateExpression {
  const options = adamwOptions(init)
  const { beta1, beta2, weightDecay } = options
  return {
    state: ['moment1', 'moment2'],
    scalars: ['rate', 'epsilon', 'keep'],
    at: (learningRate, age) => ({
      ...adamwCorrections(options, learningRate, age),
      keep: 1 - learningRate * weightDecay,
    }),
    update({ parameter, gradient, state, decays }, { rate, epsilon, keep }) {
      const [moment1, moment2] = state as [tf.Tensor, tf.Tensor]
      const m = tf.add(tf.mul(moment1, beta1), tf.mul(gradient, 1 - beta1))
      const v = tf.add(tf.mul(moment2, beta2), tf.mul(tf.square(gradient), 1 - beta2))
      const step = tf.div(tf.mul(m, rate!), tf.add(tf.sqrt(v), epsilon!))
      return { parameter: tf.sub(decays ? tf.mul(parameter, keep!) : parameter, step), state: [m, v] }
    },
  }
}

function sgd(init: SgdInit): UpdateExpression {
  const { momentum } = sgdOptions(init)
  return {
    state: momentum === 0 ? [] : ['momentum'],
    scalars: ['rate'],
    at: rate => ({ rate }),
    update({ parameter, gradient, state }, { rate }) {
      const velocity = state[0] ? tf.add(tf.mul(state[0], momentum), gradient) : gradient
      return { parameter: tf.sub(parameter, tf.mul(velocity, rate!)), state: state[0] ? [velocity] : [] }
    },
  }
}
