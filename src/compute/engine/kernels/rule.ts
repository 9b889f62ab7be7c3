import type { GraphBuilder } from '../builder.ts'
import type { Attribute, DataType, Value } from '../graph.ts'
import { sizeOf } from '../graph.ts'

/** What a tfjs kernel becomes: nodes appended to the graph, and the values that are its outputs. */
export type KernelRule = (
  build: GraphBuilder,
  inputs: Readonly<Record<string, Value>>,
  attributes: KernelAttributes,
) => Value | readonly Value[]

export type KernelRules = Readonly<Record<string, KernelRule>>

/** tfjs's own attributes of a kernel: plain data whose keys depend on the kernel. */
export type KernelAttributes = Readonly<Record<string, Attribute | readonly (readonly number[])[] | undefined>>

/** Axes as tfjs gives them (one, several, negative, none for all) as a sorted list of axes >= 0. */
export function axesOf(given: unknown, rank: number): number[] {
  const axes = given === undefined || given === null ? Array.from({ length: rank }, (_, axis) => axis) : [given].flat()
  return axes.map(axis => (Number(axis) + rank) % Math.max(rank, 1)).sort((a, b) => a - b)
}

export const integers = (value: unknown): readonly number[] => value as readonly number[]

/** The tfjs dtype as the graph's; kernels are never called with strings or complex numbers. */
export const dtypeOf = (value: unknown): DataType => value as DataType

/** A constant of the same type as `like`, to be broadcast. */
export const scalarLike = (build: GraphBuilder, value: number, like: Value): Value =>
  build.fill(value, { shape: [], dtype: like.dtype })

/** A constant of given elements. */
export const listOf = (build: GraphBuilder, data: Float32Array | Int32Array, shape: readonly number[]): Value =>
  build.constant(data, { shape, dtype: data instanceof Int32Array ? 'int32' : 'float32' })

/** Broadcast to `shape`, which tfjs spells as repetitions of axes of size one. */
export const expandTo = (build: GraphBuilder, value: Value, shape: readonly number[]): Value =>
  sizeOf(value.shape) === sizeOf(shape) ? build.reshape(value, shape) : build.add('Expand', [value], { shape })
