import type { GraphBuilder } from '../builder.ts'
import { sizeOf, type Value } from '../graph.ts'
import { integers, type KernelRules, listOf } from './rule.ts'

/** Places [n, 1] of the rows that indices [..., k] into the first k axes of `shape` mean, and the number of such rows. */
function rowsOf(build: GraphBuilder, indices: Value, shape: readonly number[]): { places: Value; rows: number } {
  const depth = indices.shape.at(-1)!
  const strides = Int32Array.from({ length: depth }, (_, axis) => sizeOf(shape.slice(axis + 1, depth)))
  const scaled = build.add('Mul', [
    build.reshape(indices, [sizeOf(indices.shape) / depth, depth]),
    listOf(build, strides, [depth]),
  ])
  const flat = build.add('ReduceSum', [scaled], { axes: [1], keepDims: true })
  return { places: build.add('Cast', [flat], { to: 'int64' }), rows: sizeOf(shape.slice(0, depth)) }
}

/** `op` on rows of `x` at `indices` [..., k] into its first k axes, with `updates` [..., ...rest]. */
function scatter(build: GraphBuilder, op: string, x: Value, indices: Value, updates: Value): Value {
  const { places, rows } = rowsOf(build, indices, x.shape)
  const width = sizeOf(x.shape) / rows
  const flat = build.reshape(x, [rows, width])
  const values = build.reshape(updates, [places.shape[0]!, width])
  return build.reshape(build.add(op, [flat, places, values]), x.shape)
}

export const scatterKernels: KernelRules = {
  ScatterNd: (build, { indices, updates }, { shape }) => {
    const zeros = build.fill(0, { shape: integers(shape), dtype: updates!.dtype })
    return scatter(build, 'ScatterRows', zeros, indices!, updates!)
  },
  SparseToDense: (build, { sparseIndices, sparseValues, defaultValue }, { outputShape }) => {
    const shape = integers(outputShape)
    const indices = build.reshape(sparseIndices!, [sizeOf(sparseIndices!.shape) / shape.length, shape.length])
    const count = indices.shape[0]!
    const values =
      sparseValues!.shape.length === 0 ? build.add('Expand', [sparseValues!], { shape: [count] }) : sparseValues!
    return scatter(build, 'AssignRows', build.add('Expand', [defaultValue!], { shape }), indices, values)
  },
  TensorScatterUpdate: (build, { tensor, indices, updates }) =>
    scatter(build, 'AssignRows', tensor!, indices!, updates!),
}
