import type { TensorType } from '../graph.ts'
import { expect, type Inference, integerOf, only, sameType } from './inference.ts'

export const gather: Inference = (inputs, attributes) => {
  const [x, indices] = only(inputs, 2) as [TensorType, TensorType]
  const axis = integerOf(attributes, 'axis')
  expect(axis >= 0 && axis < x.shape.length, `axis ${axis} of rank ${x.shape.length}`)
  expect(indices.dtype === 'int32' || indices.dtype === 'int64', `indices are ${indices.dtype}`)
  return [{ shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], dtype: x.dtype }]
}

/** x[indices[..., 0], ..., indices[..., k - 1]] for every list of k indices. */
export const gatherTuples: Inference = inputs => {
  const [x, indices] = only(inputs, 2) as [TensorType, TensorType]
  const depth = indices.shape.at(-1) ?? 0
  expect(indices.dtype === 'int64', `indices are ${indices.dtype}, not int64`)
  expect(depth > 0 && depth <= x.shape.length, `${depth} indices into [${x.shape}]`)
  return [{ shape: [...indices.shape.slice(0, -1), ...x.shape.slice(depth)], dtype: x.dtype }]
}

/** x[indices[i, 0]] += updates[i], or = updates[i], for every row i of the updates. */
export const scatterRows: Inference = inputs => {
  const [x, indices, updates] = only(inputs, 3) as [TensorType, TensorType, TensorType]
  sameType(x, updates)
  const [rows, one] = indices.shape
  expect(indices.dtype === 'int64' && one === 1, `indices are ${indices.dtype}[${indices.shape}], not int64[n,1]`)
  const shape = [rows, ...x.shape.slice(1)]
  expect(String(updates.shape) === String(shape), `updates are [${updates.shape}], not [${shape}]`)
  return [{ shape: x.shape, dtype: x.dtype }]
}

/** x[indices[i, j], j] += updates[i, j], one after the other. */
export const scatterElements: Inference = inputs => {
  const [x, indices, updates] = only(inputs, 3) as [TensorType, TensorType, TensorType]
  sameType(x, updates)
  expect(indices.dtype === 'int64', `indices are ${indices.dtype}`)
  expect(String(indices.shape) === String(updates.shape), `indices are [${indices.shape}], updates [${updates.shape}]`)
  expect(
    String(x.shape.slice(1)) === String(updates.shape.slice(1)),
    `rows of [${x.shape}] and [${updates.shape}] differ`,
  )
  return [{ shape: x.shape, dtype: x.dtype }]
}

/** One of the few combinations of types that onnxruntime has a kernel for. */
export const oneHot: Inference = (inputs, attributes) => {
  const indices = only(inputs, 1)[0]!
  expect(indices.dtype === 'int32', `indices are ${indices.dtype}, not int32`)
  return [{ shape: [...indices.shape, integerOf(attributes, 'depth')], dtype: 'float32' }]
}

/** The largest k of the last axis and their places. */
export const topK: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const k = integerOf(attributes, 'k')
  expect(k >= 0 && k <= (x.shape.at(-1) ?? 0), `${k} of [${x.shape}]`)
  const shape = [...x.shape.slice(0, -1), k]
  return [
    { shape, dtype: x.dtype },
    { shape, dtype: 'int64' },
  ]
}
