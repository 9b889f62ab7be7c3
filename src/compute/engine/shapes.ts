import type { DataType, Node, TensorType } from './graph.ts'
import { gather, gatherTuples, oneHot, scatterElements, scatterRows, topK } from './shapes/indexing.ts'
import {
  broadcastShapes,
  expect,
  type Inference,
  integerOf,
  only,
  product,
  sameType,
  shapeOf,
} from './shapes/inference.ts'
import { convolution, transposedConvolution } from './shapes/windows.ts'

/** @throws TypeError saying what does not fit */
export function inferTypes(node: Pick<Node, 'op' | 'inputs' | 'attributes'>): readonly TensorType[] {
  const inference = inferences.get(node.op)
  if (!inference) throw new TypeError(`unknown operator ${node.op}`)
  return inference(node.inputs, node.attributes)
}

const source: Inference = (inputs, attributes) => {
  only(inputs, 0)
  return [{ shape: shapeOf(attributes, 'shape'), dtype: attributes.dtype as DataType }]
}

/** Values that depend on a seed and on the place in the graph. */
const random: Inference = (inputs, attributes) => {
  const seed = only(inputs, 1)[0]!
  expect(seed.dtype === 'int32' && seed.shape.length === 0, `seed is ${seed.dtype}[${seed.shape}], not int32[]`)
  integerOf(attributes, 'site')
  return [{ shape: shapeOf(attributes, 'shape'), dtype: 'float32' }]
}

/** Same shape out as in. */
const unary =
  (from?: readonly DataType[], to?: DataType): Inference =>
  inputs => {
    const x = only(inputs, 1)[0]!
    expect(!from || from.includes(x.dtype), `does not take ${x.dtype}`)
    return [{ shape: x.shape, dtype: to ?? x.dtype }]
  }

const binary =
  (from?: readonly DataType[], to?: DataType): Inference =>
  inputs => {
    const [a, b] = only(inputs, 2) as [TensorType, TensorType]
    sameType(a, b)
    expect(!from || from.includes(a.dtype), `does not take ${a.dtype}`)
    return [{ shape: broadcastShapes(a.shape, b.shape), dtype: to ?? a.dtype }]
  }

const where: Inference = inputs => {
  const [condition, a, b] = only(inputs, 3) as [TensorType, TensorType, TensorType]
  expect(condition.dtype === 'bool', `condition is ${condition.dtype}, not bool`)
  sameType(a, b)
  return [{ shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)), dtype: a.dtype }]
}

const cast: Inference = (inputs, attributes) => [{ shape: only(inputs, 1)[0]!.shape, dtype: attributes.to as DataType }]

const reduction =
  (to?: DataType): Inference =>
  (inputs, attributes) => {
    const x = only(inputs, 1)[0]!
    const axes = shapeOf(attributes, 'axes')
    expect(
      axes.every(axis => axis >= 0 && axis < x.shape.length),
      `axes [${axes}] of a tensor of rank ${x.shape.length}`,
    )
    const shape = attributes.keepDims
      ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : x.shape.filter((_, axis) => !axes.includes(axis))
    return [{ shape, dtype: to ?? x.dtype }]
  }

/** Rows and columns of a factor of a matrix product, as the product reads it. */
function matrix(type: TensorType, transposed: unknown): [number, number] {
  expect(type.shape.length >= 2, `factor [${type.shape}] is not a matrix`)
  const [rows, columns] = type.shape.slice(-2) as [number, number]
  return transposed ? [columns, rows] : [rows, columns]
}

const matMul: Inference = (inputs, attributes) => {
  const [a, b] = only(inputs, 2) as [TensorType, TensorType]
  sameType(a, b)
  const [rows, inner] = matrix(a, attributes.transposeA)
  const [other, columns] = matrix(b, attributes.transposeB)
  expect(inner === other, `inner sizes ${inner} and ${other} differ`)
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return [{ shape: [...batch, rows, columns], dtype: a.dtype }]
}

const transpose: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const order = shapeOf(attributes, 'order')
  expect(
    order.length === x.shape.length && order.every((_, axis) => order.includes(axis)),
    `[${order}] is no permutation of ${x.shape.length} axes`,
  )
  return [{ shape: order.map(axis => x.shape[axis]!), dtype: x.dtype }]
}

const reshape: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const shape = shapeOf(attributes, 'shape')
  expect(product(shape) === product(x.shape), `[${x.shape}] does not fit into [${shape}]`)
  return [{ shape, dtype: x.dtype }]
}

const expand: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const shape = shapeOf(attributes, 'shape')
  const result = broadcastShapes(x.shape, shape)
  expect(product(result) === product(shape), `[${x.shape}] does not expand to [${shape}]`)
  return [{ shape: result, dtype: x.dtype }]
}

const tile: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const repeats = shapeOf(attributes, 'repeats')
  expect(repeats.length === x.shape.length, `${repeats.length} repeats for rank ${x.shape.length}`)
  return [{ shape: x.shape.map((size, axis) => size * repeats[axis]!), dtype: x.dtype }]
}

const slice: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const starts = shapeOf(attributes, 'starts')
  const sizes = shapeOf(attributes, 'sizes')
  const steps = shapeOf(attributes, 'steps')
  expect(
    [starts, sizes, steps].every(list => list.length === x.shape.length),
    `needs start, size and step for each of ${x.shape.length} axes`,
  )
  for (const [axis, start] of starts.entries()) {
    const last = start + (sizes[axis]! - 1) * steps[axis]!
    expect(
      sizes[axis] === 0 || (start >= 0 && start < x.shape[axis]! && last >= 0 && last < x.shape[axis]!),
      `reads elements ${start} to ${last} of axis ${axis}, which has ${x.shape[axis]}`,
    )
  }
  return [{ shape: sizes, dtype: x.dtype }]
}

const pad: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const before = shapeOf(attributes, 'before')
  const after = shapeOf(attributes, 'after')
  expect(
    before.length === x.shape.length && after.length === x.shape.length,
    `pads another rank than ${x.shape.length}`,
  )
  return [{ shape: x.shape.map((size, axis) => before[axis]! + size + after[axis]!), dtype: x.dtype }]
}

const concat: Inference = (inputs, attributes) => {
  const axis = integerOf(attributes, 'axis')
  const first = inputs[0]
  expect(first !== undefined && axis >= 0 && axis < first.shape.length, `axis ${axis} does not exist`)
  let total = 0
  for (const input of inputs) {
    sameType(first, input)
    expect(
      input.shape.length === first.shape.length && input.shape.every((n, i) => i === axis || n === first.shape[i]),
      `[${input.shape}] does not continue [${first.shape}] along axis ${axis}`,
    )
    total += input.shape[axis]!
  }
  return [{ shape: first.shape.with(axis, total), dtype: first.dtype }]
}

const split: Inference = (inputs, attributes) => {
  const x = only(inputs, 1)[0]!
  const axis = integerOf(attributes, 'axis')
  const sizes = shapeOf(attributes, 'sizes')
  expect(
    sizes.reduce((sum, size) => sum + size, 0) === x.shape[axis],
    `sizes [${sizes}] do not sum to ${x.shape[axis]}`,
  )
  return sizes.map(size => ({ shape: x.shape.with(axis, size), dtype: x.dtype }))
}

const floats = ['float32'] as const
const numbers = ['float32', 'int32', 'int64'] as const
const booleans = ['bool'] as const

const table: readonly (readonly [ops: string, Inference])[] = [
  ['Input Constant', source],
  ['RandomUniform DropoutMask', random],
  ['Identity', unary()],
  ['Abs Neg Sign', unary(numbers)],
  ['Exp Log Sqrt Reciprocal Tanh Sigmoid Erf Softplus Floor Ceil Round', unary(floats)],
  ['Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh', unary(floats)],
  ['Relu Elu Selu LeakyRelu Softmax', unary(floats)],
  ['CumSum', unary(numbers)],
  ['IsNaN IsInf', unary(floats, 'bool')],
  ['Not', unary(booleans)],
  ['Cast', cast],
  ['Add Sub Mul Div Pow Min Max Mod', binary(numbers)],
  ['BitwiseAnd', binary(['int32'])],
  ['Equal', binary(undefined, 'bool')],
  ['Greater GreaterOrEqual Less LessOrEqual', binary(numbers, 'bool')],
  ['And Or', binary(booleans)],
  ['Where', where],
  ['ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd', reduction()],
  ['ArgMax ArgMin', reduction('int64')],
  ['MatMul', matMul],
  ['Transpose', transpose],
  ['Reshape', reshape],
  ['Expand', expand],
  ['Tile', tile],
  ['Slice', slice],
  ['Pad', pad],
  ['Concat', concat],
  ['Split', split],
  ['Gather', gather],
  ['GatherND', gatherTuples],
  ['ScatterRows AssignRows', scatterRows],
  ['ScatterElements', scatterElements],
  ['OneHot', oneHot],
  ['TopK', topK],
  ['Conv', convolution],
  ['ConvTranspose', transposedConvolution],
]

const inferences = new Map(table.flatMap(([ops, inference]) => ops.split(' ').map(op => [op, inference] as const)))
