import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { between, type KernelCase, normals, type Tensors, uniforms } from './case.ts'

type Loss = (labels: tf.Tensor, predictions: tf.Tensor, weights: tf.Tensor, reduction: tf.Reduction) => tf.Tensor

const losses: Readonly<Record<string, Loss>> = {
  absoluteDifference: tf.losses.absoluteDifference,
  cosineDistance: (y, p, w, reduction) => tf.losses.cosineDistance(y, p, 1, tf.reshape(w, [-1, 1]), reduction),
  hingeLoss: tf.losses.hingeLoss,
  huberLoss: (y, p, w, reduction) => tf.losses.huberLoss(y, p, w, 0.4, reduction),
  logLoss: (y, p, w, reduction) => tf.losses.logLoss(y, p, w, 1e-7, reduction),
  meanSquaredError: tf.losses.meanSquaredError,
  sigmoidCrossEntropy: (y, p, w, reduction) => tf.losses.sigmoidCrossEntropy(y, p, w, 0.1, reduction),
  // Its gradient is that of labels that sum to one.
  softmaxCrossEntropy: (y, p, w, reduction) =>
    tf.losses.softmaxCrossEntropy(tf.softmax(y), p, tf.reshape(w, [-1]), 0.1, reduction),
}

export function lossesOfTfjs(r: Random): KernelCase[] {
  const shape = [between(r, 2, 4), between(r, 2, 4)]
  const reductions = [tf.Reduction.NONE, tf.Reduction.MEAN, tf.Reduction.SUM, tf.Reduction.SUM_BY_NONZERO_WEIGHTS]
  return Object.entries(losses).flatMap(([title, loss]) =>
    reductions.map((reduction): KernelCase => {
      const y = uniforms(r, shape, 0.1, 0.4)
      const w = uniforms(r, [shape[0]!, 1], 0.5, 1)
      const run = ({ y, p, w }: Tensors) => loss(y!, p!, w!, reduction)
      const p = uniforms(r, shape, 0.5, 0.9)
      return {
        title: `${title}, reduction ${reduction}`,
        inputs: { p },
        run: ({ p }) => run({ p: p!, y: tf.tensor(y.values, shape), w: tf.tensor(w.values, [shape[0]!, 1]) }),
      }
    }),
  )
}

export function attention(r: Random): KernelCase[] {
  const [time, width] = [between(r, 3, 5), between(r, 2, 4)]
  const of = () => normals(r, [2, time, width])
  return [
    {
      title: 'causal attention',
      inputs: { q: of(), k: of(), v: of() },
      run: ({ q, k, v }) => {
        const scores = tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(width))
        const mask = tf.linalg.bandPart(tf.ones([time, time]), -1, 0)
        return tf.matMul(tf.softmax(tf.where(tf.cast(mask, 'bool'), scores, tf.fill([2, time, time], -1e9))), v!)
      },
    },
  ]
}
