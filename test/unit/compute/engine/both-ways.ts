import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { onBackend } from '../../../../src/compute/engine/active-backend.ts'
import { optimize } from '../../../../src/compute/engine/optimize.ts'
import { type Elements, openSession } from '../../../../src/compute/engine/session.ts'
import { traceOrSurvey } from '../../../../src/compute/engine/survey.ts'
import { registerGradients } from '../../../../src/compute/engine/tfjs-gradients.ts'
import type { Random } from '../../../../src/core/random.ts'

export interface TensorData {
  shape: readonly number[]
  values: Elements
}

export type Numbers = Readonly<Record<string, Float32Array>>

export type Compute = (tensors: Readonly<Record<string, tf.Tensor>>) => Record<string, tf.Tensor>

const dtypeOf = (values: Elements) => (values instanceof Int32Array ? 'int32' : 'float32')

/** Traced, optimized and run by onnxruntime. Outputs are cast to float32. */
export async function runTraced(inputs: Readonly<Record<string, TensorData>>, compute: Compute): Promise<Numbers> {
  await registerGradients()
  const specs = Object.entries(inputs).map(
    ([name, { shape, values }]) => ({ name, shape, dtype: dtypeOf(values) }) as const,
  )
  const traced = await traceOrSurvey(specs, tensors => asFloats(compute(tensors)))
  const session = await openSession(optimize(traced), {}, { provider: 'cpu', threads: 1 })
  try {
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, { values }]) => [name, values]))
    return (await session.run(feeds)) as Numbers
  } finally {
    await session.release()
  }
}

/** On tfjs's CPU backend. */
export async function runEagerly(inputs: Readonly<Record<string, TensorData>>, compute: Compute): Promise<Numbers> {
  await registerGradients()
  return onBackend('cpu', () => {
    const numbers: Record<string, Float32Array> = {}
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, values }]) => [
          name,
          tf.tensor(values, [...shape], dtypeOf(values)),
        ]),
      )
      for (const [name, tensor] of Object.entries(asFloats(compute(tensors)))) {
        numbers[name] = Float32Array.from(tensor.dataSync())
      }
    })
    return numbers
  })
}

const asFloats = (tensors: Record<string, tf.Tensor>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.cast(tensor, 'float32')]))

/** Largest absolute difference over largest absolute value expected (at least 1e-6): equal NaNs and infinities agree. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let scale = 1e-6
  for (const [i, value] of expected.entries()) {
    if (Object.is(actual[i], value)) continue
    difference = Math.max(difference, Math.abs(actual[i]! - value))
    scale = Math.max(scale, Math.abs(value))
    if (Number.isNaN(actual[i]! - value)) return Number.POSITIVE_INFINITY
  }
  for (const value of expected) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value))
  return difference / scale
}

export function normals(random: Random, shape: readonly number[], offset = 0, scale = 1): TensorData {
  const length = shape.reduce((product, size) => product * size, 1)
  return { shape, values: Float32Array.from({ length }, () => offset + scale * random.normal()) }
}

export function integers(random: Random, shape: readonly number[], bound: number): TensorData {
  const length = shape.reduce((product, size) => product * size, 1)
  return { shape, values: Int32Array.from({ length }, () => random.integer(bound)) }
}
