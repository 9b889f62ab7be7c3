import * as tf from '@tensorflow/tfjs-core'
import type { Compute, TraceInput } from '../../../src/compute/engine/trace.ts'
import type { Inputs, KernelCase, TensorData } from './case.ts'

export const floatsOf = (inputs: Inputs) =>
  Object.keys(inputs).filter(name => inputs[name]!.values instanceof Float32Array)

/** Values, their sum weighted so that no two elements count alike, and the gradients of that. */
export function asCompute({ inputs, run }: KernelCase, withGradients: boolean): Compute {
  const floats = floatsOf(inputs)
  return tensors => {
    const values = [run(tensors)].flat()
    const outputs = Object.fromEntries(values.map((value, i) => [`value ${i}`, tf.cast(value, 'float32')]))
    if (!withGradients) return outputs
    const weighted = (...parts: tf.Tensor[]) => {
      const named = { ...tensors, ...Object.fromEntries(floats.map((name, i) => [name, parts[i]!])) }
      const sums = [run(named)].flat().map(value => {
        const weights = Float32Array.from({ length: value.size }, (_, i) => Math.cos(i + 1))
        return tf.sum(tf.mul(value, tf.tensor(weights, value.shape)))
      })
      return sums.reduce((sum, each) => tf.add(sum, each)) as tf.Scalar
    }
    const gradients = tf.grads(weighted)(floats.map(name => tensors[name]!))
    return { ...outputs, ...Object.fromEntries(floats.map((name, i) => [`d ${name}`, gradients[i]!])) }
  }
}

export const dtypeOf = ({ values }: TensorData) => (values instanceof Int32Array ? 'int32' : 'float32')

/** The inputs as a trace takes them. */
export const specsOf = (inputs: Inputs): TraceInput[] =>
  Object.entries(inputs).map(([name, data]) => ({ name, shape: data.shape, dtype: dtypeOf(data) }))
