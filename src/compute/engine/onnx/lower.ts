import type { Attributes, DataType, Node } from '../graph.ts'
import { elementType } from './schema.ts'

/** How a node of the graph is written in ONNX: static particulars become attributes or constant inputs. */
export interface Lowered {
  op: string
  /** '' for ai.onnx. */
  domain: string
  /** Constant inputs after the node's own: lists of int64 unless they say otherwise. */
  constants: readonly (readonly number[] | TypedList)[]
  /** Integers and lists of them; a float is wrapped to be told apart. */
  attributes: Readonly<Record<string, number | readonly number[] | { float: number } | { text: string }>>
}

export interface TypedList {
  values: readonly number[]
  dtype: DataType
}

type Lowering = (node: Node) => Partial<Lowered>

const list = (attributes: Attributes, name: string) => attributes[name] as readonly number[]
const flag = (value: unknown) => (value ? 1 : 0)

const reduction: Lowering = ({ attributes }) => ({
  constants: [list(attributes, 'axes')],
  attributes: { keepdims: flag(attributes.keepDims) },
})

const argument: Lowering = ({ attributes }) => ({
  attributes: { axis: list(attributes, 'axes')[0]!, keepdims: flag(attributes.keepDims) },
})

const withAxis: Lowering = ({ attributes }) => ({ attributes: { axis: Number(attributes.axis) } })

/** The plain product where that is what it is; else onnxruntime's own, which transposes while it packs. */
const matMul: Lowering = ({ attributes: { transposeA, transposeB } }) =>
  transposeA || transposeB
    ? {
        op: 'FusedMatMul',
        domain: 'com.microsoft',
        attributes: { transA: flag(transposeA), transB: flag(transposeB) },
      }
    : {}

const slice: Lowering = ({ attributes }) => {
  const starts = list(attributes, 'starts')
  const steps = list(attributes, 'steps')
  const sizes = list(attributes, 'sizes')
  // Past the first element when stepping backwards: ONNX clamps a very negative end to just before it.
  const ends = starts.map((start, axis) => {
    const end = start + sizes[axis]! * steps[axis]!
    return end < 0 ? -(2 ** 31) : end
  })
  return { constants: [starts, ends, starts.map((_, axis) => axis), steps] }
}

/** A window that slides over the spatial axes. */
const window = ({ attributes }: Node) => ({
  strides: list(attributes, 'strides'),
  dilations: list(attributes, 'dilations'),
  pads: [...list(attributes, 'before'), ...list(attributes, 'after')],
})

const lowerings: Readonly<Record<string, Lowering>> = {
  ArgMax: argument,
  ArgMin: argument,
  AssignRows: () => ({ op: 'ScatterND' }),
  Cast: ({ attributes }) => ({ attributes: { to: elementType[attributes.to as DataType] } }),
  Concat: withAxis,
  Conv: node => ({ attributes: { ...window(node), group: Number(node.attributes.group) } }),
  ConvTranspose: node => ({
    attributes: {
      ...window(node),
      output_padding: list(node.attributes, 'extra'),
      group: Number(node.attributes.group),
    },
  }),
  CumSum: ({ attributes }) => ({
    constants: [[Number(attributes.axis)]],
    attributes: { exclusive: flag(attributes.exclusive), reverse: flag(attributes.reverse) },
  }),
  Expand: ({ attributes }) => ({ constants: [list(attributes, 'shape')] }),
  Gather: withAxis,
  LeakyRelu: ({ attributes }) => ({ attributes: { alpha: { float: Number(attributes.alpha) } } }),
  MatMul: matMul,
  Mod: ({ inputs }) => ({ attributes: { fmod: flag(inputs[0]!.dtype === 'float32') } }),
  OneHot: ({ attributes }) => ({
    constants: [
      { values: [Number(attributes.depth)], dtype: 'int32' },
      { values: [0, 1], dtype: 'float32' },
    ],
  }),
  Pad: ({ attributes, inputs }) => ({
    constants: [
      [...list(attributes, 'before'), ...list(attributes, 'after')],
      { values: [Number(attributes.value)], dtype: inputs[0]!.dtype },
    ],
  }),
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: reduction,
  Reshape: ({ attributes }) => ({ constants: [list(attributes, 'shape')] }),
  ScatterElements: () => ({ attributes: { axis: 0, reduction: { text: 'add' } } }),
  ScatterRows: () => ({ op: 'ScatterND', attributes: { reduction: { text: 'add' } } }),
  Slice: slice,
  Softmax: withAxis,
  Split: ({ attributes }) => ({
    constants: [list(attributes, 'sizes')],
    attributes: { axis: Number(attributes.axis) },
  }),
  Tile: ({ attributes }) => ({ constants: [list(attributes, 'repeats')] }),
  TopK: ({ attributes }) => ({ constants: [[Number(attributes.k)]], attributes: { axis: -1 } }),
  Transpose: ({ attributes }) => ({ attributes: { perm: list(attributes, 'order') } }),
}

export function lower(node: Node): Lowered {
  return { op: node.op, domain: '', constants: [], attributes: {}, ...lowerings[node.op]?.(node) }
}
