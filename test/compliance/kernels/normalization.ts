import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { between, type KernelCase, normals, uniforms } from './case.ts'

export function normalization(r: Random): KernelCase[] {
  const channels = between(r, 2, 4)
  const x = normals(r, [2, 3, 4, channels])
  const list = () => normals(r, [channels])
  return [
    {
      title: 'batchNorm',
      inputs: { x, mean: list(), variance: uniforms(r, [channels], 0.5, 2), offset: list(), scale: list() },
      run: ({ x, mean, variance, offset, scale }) =>
        tf.batchNorm(
          x!,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-3,
        ),
    },
    {
      title: 'batchNorm, without offset and scale',
      inputs: { x, mean: list(), variance: uniforms(r, [channels], 0.5, 2) },
      run: ({ x, mean, variance }) => tf.batchNorm(x!, mean as tf.Tensor1D, variance as tf.Tensor1D),
      gradient: 'none', // tfjs fails to save the scale that is not there
    },
    {
      title: 'batchNorm of moments',
      inputs: { x, offset: list(), scale: list() },
      run: ({ x, offset, scale }) => {
        const { mean, variance } = tf.moments(x!, [0, 1, 2])
        return tf.batchNorm(
          x!,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
        )
      },
    },
    {
      title: 'layer normalisation',
      inputs: { x: normals(r, [3, 5]), gain: normals(r, [5]) },
      run: ({ x, gain }) => {
        const { mean, variance } = tf.moments(x!, -1, true)
        return tf.mul(tf.div(tf.sub(x!, mean), tf.sqrt(tf.add(variance, 1e-5))), gain!)
      },
    },
  ]
}
