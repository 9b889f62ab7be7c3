import type * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'

export interface TensorData {
  shape: readonly number[]
  values: Float32Array | Int32Array
}

export type Inputs = Readonly<Record<string, TensorData>>
export type Numbers = Readonly<Record<string, Float32Array>>
export type Tensors = Readonly<Record<string, tf.Tensor>>

export interface KernelCase {
  title: string
  inputs: Inputs
  run(tensors: Tensors): tf.Tensor | tf.Tensor[]
  /**
   * 'tfjs': gradients must equal tfjs's and finite differences. 'exact': only the latter, because tfjs's own are wrong or
   * missing on its CPU backend. 'none': there is no gradient.
   * @default 'tfjs'
   */
  gradient?: 'tfjs' | 'exact' | 'none'
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

export const between = (r: Random, from: number, to: number): number => from + r.integer(to - from + 1)

export const pick = <T>(r: Random, ...choices: T[]): T => choices[r.integer(choices.length)]!

export const normals = (r: Random, shape: readonly number[]): TensorData => ({
  shape,
  values: Float32Array.from({ length: sizeOf(shape) }, () => r.normal()),
})

export const uniforms = (r: Random, shape: readonly number[], from: number, to: number): TensorData => ({
  shape,
  values: Float32Array.from({ length: sizeOf(shape) }, () => from + (to - from) * r.next()),
})

/** Values at least 0.1 from one another, from 0 and from the integers, in random order: no kink within a step. */
export function apart(r: Random, shape: readonly number[]): TensorData {
  const length = sizeOf(shape)
  const order = r.shuffle(Array.from({ length }, (_, i) => i))
  const values = Float32Array.from(order, i => 0.15 + 0.1 * (i - (length >> 1)))
  return { shape, values: values.map(v => (Math.abs(v - Math.round(v)) < 0.04 ? v + 0.06 : v)) }
}

export const integers = (r: Random, shape: readonly number[], bound: number): TensorData => ({
  shape,
  values: Int32Array.from({ length: sizeOf(shape) }, () => r.integer(bound)),
})
