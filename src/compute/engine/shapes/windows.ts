import type { Attributes, TensorType } from '../graph.ts'
import { expect, type Inference, integerOf, only, sameType, shapeOf } from './inference.ts'

/** Places of a window of `sizes` that slides over the spatial axes of a [batch, channels, ...spatial] tensor. */
function slide(spatial: readonly number[], sizes: readonly number[], attributes: Attributes): number[] {
  const [strides, dilations, before, after] = ['strides', 'dilations', 'before', 'after'].map(name => {
    const list = shapeOf(attributes, name)
    expect(list.length === spatial.length, `${name} [${list}] for ${spatial.length} spatial axes`)
    return list
  }) as [readonly number[], readonly number[], readonly number[], readonly number[]]
  return spatial.map((size, i) => {
    const places = (before[i]! + size + after[i]! - (sizes[i]! - 1) * dilations[i]! - 1) / strides[i]! + 1
    expect(places >= 1, `a window of [${sizes}] does not fit into [${spatial}]`)
    return Math.floor(places)
  })
}

/** x [batch, in, ...spatial] with filter [out, in / group, ...window] and, if there is one, bias [out]. */
export const convolution: Inference = (inputs, attributes) => {
  const [x, filter, bias] = inputs as [TensorType, TensorType, TensorType | undefined]
  expect(inputs.length === 2 || inputs.length === 3, `takes 2 or 3 inputs, has ${inputs.length}`)
  sameType(x, filter)
  expect(!bias || (bias.dtype === x.dtype && String(bias.shape) === String([filter.shape[0]])), `bias [${bias?.shape}]`)
  const group = integerOf(attributes, 'group')
  const [batch, channels, ...spatial] = x.shape
  const [out, perGroup, ...window] = filter.shape
  expect(window.length === spatial.length, `filter [${filter.shape}] for [${x.shape}]`)
  expect(
    channels === perGroup! * group && out! % group === 0,
    `filter [${filter.shape}] in ${group} groups for [${x.shape}]`,
  )
  return [{ shape: [batch!, out!, ...slide(spatial, window, attributes)], dtype: x.dtype }]
}

/** The shape that a convolution of [batch, out, ...] with filter [in, out / group, ...window] came from. */
export const transposedConvolution: Inference = (inputs, attributes) => {
  const [x, filter] = only(inputs, 2) as [TensorType, TensorType]
  sameType(x, filter)
  const group = integerOf(attributes, 'group')
  const [batch, channels, ...spatial] = x.shape
  const [rows, perGroup, ...window] = filter.shape
  expect(window.length === spatial.length && rows === channels, `filter [${filter.shape}] for [${x.shape}]`)
  const [strides, dilations, before, after, extra] = ['strides', 'dilations', 'before', 'after', 'extra'].map(name =>
    shapeOf(attributes, name),
  ) as [number[], number[], number[], number[], number[]]
  const sizes = spatial.map(
    (size, i) => (size - 1) * strides[i]! + (window[i]! - 1) * dilations[i]! + 1 - before[i]! - after[i]! + extra[i]!,
  )
  return [{ shape: [batch!, perGroup! * group, ...sizes], dtype: x.dtype }]
}
