import * as tf from '@tensorflow/tfjs-core'
import { type Random, random } from '../../../../../src/core/random.ts'

/** Tensors of random elements; the same seed makes the same ones on every backend. */
export class Tensors {
  readonly #random: Random

  constructor(seed: string) {
    this.#random = random(seed)
  }

  float(shape: number[], offset = 0): tf.Tensor {
    return tf.tensor(
      Float32Array.from({ length: size(shape) }, () => offset + this.#random.normal()),
      shape,
    )
  }

  /** In [1, bound]. */
  integer(shape: number[], bound = 9): tf.Tensor {
    return tf.tensor(
      Int32Array.from({ length: size(shape) }, () => 1 + this.#random.integer(bound)),
      shape,
      'int32',
    )
  }

  boolean(shape: number[]): tf.Tensor {
    return tf.tensor(
      Uint8Array.from({ length: size(shape) }, () => this.#random.integer(2)),
      shape,
      'bool',
    )
  }
}

const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1)

export type Case = (t: Tensors) => tf.Tensor | tf.Tensor[]
type Function = (...inputs: tf.Tensor[]) => tf.Tensor

const cases = new Map<string, Case>()
export const wasmCases: ReadonlyMap<string, Case> = cases

/** The function's value and its gradient by each of its inputs, along a direction that tells all elements apart. */
function differentiable(name: string, shapes: readonly number[][], f: Function, offset = 0): void {
  const inputs = (t: Tensors) => shapes.map(shape => t.float(shape, offset))
  cases.set(name, t => f(...inputs(t)))
  cases.set(`gradient of ${name}`, t => {
    const values = inputs(t)
    return tf.grads((...xs: tf.Tensor[]) => f(...xs))(values, t.float(f(...values).shape))
  })
}

const ops = tf as unknown as Record<string, (...args: unknown[]) => tf.Tensor>

for (const [names, offset] of [
  ['abs acos asin atan cos cosh elu erf exp expm1 leakyRelu logSigmoid neg relu relu6 selu sigmoid sin sinh', 0],
  ['softplus square tan tanh softmax logSoftmax', 0],
  ['acosh log log1p reciprocal rsqrt sqrt', 9],
] as const) {
  for (const name of names.split(' ')) differentiable(name, [[3, 5]], x => ops[name]!(x), offset)
}
for (const name of 'add sub mul div maximum minimum squaredDifference pow atan2'.split(' ')) {
  for (const [a, b] of [
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [3, 1],
      [1, 4],
    ],
    [[2, 3, 4], []],
  ] as [number[], number[]][]) {
    // tfjs's gradients of these do not broadcast.
    if (!/imum|squaredDifference/.test(name) || String(a) === String(b)) {
      differentiable(`${name} [${a}] [${b}]`, [a, b], (x, y) => ops[name]!(x, y), 5)
    }
    cases.set(`${name} of integers [${a}] [${b}]`, t => ops[name]!(t.integer(a), t.integer(b)))
  }
}
for (const name of 'floorDiv mod equal notEqual greater greaterEqual less lessEqual'.split(' ')) {
  cases.set(name, t => ops[name]!(t.float([3, 4], 3), t.float([4], 3)))
  cases.set(`${name} of integers`, t => ops[name]!(t.integer([3, 4], 3), t.integer([4], 3)))
}
for (const name of 'ceil floor round sign step isNaN abs neg square relu exp'.split(' ')) {
  cases.set(`${name} of numbers`, t => ops[name]!(t.float([3, 4])))
  cases.set(`${name} of integers`, t => ops[name]!(tf.sub(t.integer([3, 4]), 4)))
}
for (const name of 'logicalAnd logicalOr logicalXor equal notEqual'.split(' ')) {
  cases.set(`${name} of booleans`, t => ops[name]!(t.boolean([3, 4]), t.boolean([3, 4])))
}
cases.set('logicalNot', t => tf.logicalNot(t.boolean([3, 4])))

for (const axes of [undefined, 0, 1, 2, [0, 2]]) {
  for (const name of 'sum mean max min prod logSumExp'.split(' ')) {
    differentiable(`${name} over ${axes}`, [[2, 3, 4]], x => ops[name]!(x, axes))
    if (name !== 'logSumExp') cases.set(`${name} of integers over ${axes}`, t => ops[name]!(t.integer([2, 3, 4]), axes))
  }
  for (const name of ['any', 'all']) cases.set(`${name} over ${axes}`, t => ops[name]!(t.boolean([2, 3, 4]), axes))
  if (Array.isArray(axes)) continue
  for (const name of ['argMax', 'argMin']) cases.set(`${name} over ${axes}`, t => ops[name]!(t.float([2, 3, 4]), axes))
  for (const reverse of [false, true]) {
    // tfjs's gradient of cumsum has the wrong shape along axis 0.
    differentiable(`cumsum along ${axes} ${reverse}`, [[3, 3, 3]], x => tf.cumsum(x, axes, reverse, !reverse))
    cases.set(`cumprod along ${axes} ${reverse}`, t => tf.cumprod(t.float([2, 3, 4]), axes, reverse))
  }
}
for (const [a, b] of [
  [[], []],
  [[2], [2]],
  [[2], [1]],
  [[2, 3], []],
] as [number[], number[]][]) {
  for (const [transposeA, transposeB] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const) {
    const shapes = [
      [...a, ...(transposeA ? [4, 3] : [3, 4])],
      [...b, ...(transposeB ? [5, 4] : [4, 5])],
    ]
    const name = `matMul [${shapes[0]}] [${shapes[1]}] ${transposeA} ${transposeB}`
    const multiply = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB)
    // tfjs's gradient does not broadcast.
    if (String(a) === String(b)) differentiable(name, shapes, multiply)
    else cases.set(name, t => multiply(t.float(shapes[0]!), t.float(shapes[1]!)))
  }
}

const shaping: Record<string, [number[], Function]> = {
  reshape: [[2, 6], x => tf.reshape(x, [3, 4])],
  expandDims: [[2, 3], x => tf.expandDims(x, 1)],
  'transpose of rank 3': [[2, 3, 4], x => tf.transpose(x, [2, 0, 1])],
  'transpose of rank 4': [[2, 3, 4, 2], x => tf.transpose(x, [0, 2, 1, 3])],
  'transpose of rank 5': [[2, 3, 4, 2, 2], x => tf.transpose(x, [2, 0, 3, 1, 4])],
  'slice of rank 1': [[9], x => tf.slice(x, [3], [4])],
  'slice of rank 3': [[3, 4, 5], x => tf.slice(x, [1, 0, 2], [2, 3, -1])],
  'slice of rank 5': [[3, 2, 4, 2, 2], x => tf.slice(x, [1, 0, 1, 1, 0], [2, 1, 2, 1, 2])],
  concat: [[2, 3], x => tf.concat([x, x], 1)],
  stack: [[2, 3], x => tf.stack([x, x], 1)],
  split: [[2, 6], x => tf.split(x, [1, 2, 3], 1)[1]!],
  tile: [[2, 3], x => tf.tile(x, [2, 3])],
  reverse: [[2, 3, 4], x => tf.reverse(x, [0, 2])],
  pad: [[2, 3], x => tf.pad(x, [[1, 0], [2, 1]])], // biome-ignore format: a row each
  broadcastTo: [[3, 1], x => tf.broadcastTo(x, [2, 3, 4])],
  spaceToBatch: [[1, 4, 4, 1], x => tf.spaceToBatchND(x, [2, 2], [[0, 0], [0, 0]])], // biome-ignore format: a row each
  batchToSpace: [[4, 2, 2, 1], x => tf.batchToSpaceND(x, [2, 2], [[0, 0], [0, 0]])], // biome-ignore format: a row each
  gather: [[5, 3], x => tf.gather(x, tf.tensor2d([[0, 4], [4, 1]], [2, 2], 'int32'))], // biome-ignore format: a row each
  'gather along 1': [[3, 5], x => tf.gather(x, tf.tensor1d([2, 2, 0, 4], 'int32'), 1)],
  where: [[2, 3], x => tf.where(tf.tensor2d([1, 0, 0, 1, 1, 0], [2, 3], 'bool'), x, tf.zerosLike(x))],
  clipByValue: [[3, 4], x => tf.clipByValue(x, 0, 1)],
  addN: [[3, 4], x => tf.addN([x, x, x])],
}
for (const [name, [shape, f]] of Object.entries(shaping)) {
  differentiable(name, [shape], f)
  cases.set(`${name} of integers`, t => f(t.integer(shape)))
  cases.set(`${name} of booleans`, t => f(t.boolean(shape)))
}
for (const make of ['float', 'integer', 'boolean'] as const) {
  for (const type of ['float32', 'int32', 'bool'] as const) {
    cases.set(`cast of ${make} to ${type}`, t => tf.cast(t[make]([3, 5]), type))
  }
  cases.set(`stridedSlice of ${make}`, t => tf.stridedSlice(t[make]([5, 6]), [4, 1], [0, 6], [-1, 2]))
  cases.set(`gatherND of ${make}`, t => tf.gatherND(t[make]([4, 4]), tf.tensor2d([1, 3, 0, 2], [2, 2], 'int32')))
  cases.set(`scatterND of ${make}`, t => tf.scatterND(tf.tensor2d([1, 3, 0], [3, 1], 'int32'), t[make]([3, 2]), [5, 2]))
  cases.set(`topk of ${make}`, t => Object.values(tf.topk(t[make]([3, 6]), 2)))
  cases.set(`mirrorPad of ${make}`, t => tf.mirrorPad(t[make]([3, 4]), [[1, 1], [2, 1]], 'reflect')) // biome-ignore format: a row each
}
for (const type of ['float32', 'int32', 'bool'] as const) {
  cases.set(`oneHot ${type}`, t => tf.oneHot(t.integer([4], 4), 5, 1, 0, type))
}
differentiable('unsortedSegmentSum', [[4, 3]], x => tf.unsortedSegmentSum(x, tf.tensor1d([0, 2, 2, 1], 'int32'), 3))
for (const make of ['float', 'integer'] as const) {
  cases.set(`unsortedSegmentSum of ${make} with segments that are none`, t =>
    tf.unsortedSegmentSum(t[make]([4, 3, 2]), tf.tensor1d([-1, 2, 3, 2], 'int32'), 3),
  )
}
cases.set('einsum', t => tf.einsum('bij,bjk->bik', t.float([2, 3, 4]), t.float([2, 4, 5])))

type Images = tf.Tensor4D
for (const stride of [1, 2]) {
  for (const pad of ['same', 'valid', 1] as const) {
    const at = `stride ${stride} pad ${pad}`
    const shape = [2, 7, 6, 3]
    differentiable(`conv2d ${at}`, [shape, [3, 2, 3, 4]], (x, w) => tf.conv2d(x as Images, w as Images, stride, pad))
    differentiable(`depthwiseConv2d ${at}`, [shape, [3, 3, 3, 2]], (x, w) =>
      tf.depthwiseConv2d(x as Images, w as Images, stride, pad),
    )
    differentiable(`maxPool ${at}`, [shape], x => tf.maxPool(x as Images, [3, 2], stride, pad))
    differentiable(`avgPool ${at}`, [shape], x => tf.avgPool(x as Images, [3, 2], stride, pad))
    if (pad === 1) continue
    const side = pad === 'same' ? 3 * stride : 2 * stride + 3
    differentiable(
      `conv2dTranspose ${at}`,
      [
        [2, 3, 3, 2],
        [3, 3, 4, 2],
      ],
      (x, w) => tf.conv2dTranspose(x as Images, w as Images, [2, side, side, 4], stride, pad),
    )
    differentiable(
      `conv1d ${at}`,
      [
        [2, 7, 3],
        [3, 3, 4],
      ],
      (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, stride, pad),
    )
    differentiable(
      `conv3d ${at}`,
      [
        [1, 4, 5, 4, 2],
        [2, 2, 2, 2, 3],
      ],
      (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, stride, pad),
    )
    differentiable(`maxPool3d ${at}`, [[1, 4, 5, 4, 2]], x => tf.maxPool3d(x as tf.Tensor5D, 2, stride, pad))
    differentiable(`avgPool3d ${at}`, [[1, 4, 5, 4, 2]], x => tf.avgPool3d(x as tf.Tensor5D, 2, stride, pad))
    differentiable(
      `dilation2d ${at}`,
      [
        [1, 5, 5, 2],
        [2, 2, 2],
      ],
      (x, w) => tf.dilation2d(x as Images, w as tf.Tensor3D, stride, pad),
    )
  }
}
differentiable('batchNorm', [[2, 3, 3, 4], [4], [4], [4], [4]], (x, m, v, o, s) => tf.batchNorm(x, m!, v!, o, s), 9)
differentiable('localResponseNormalization', [[2, 3, 3, 4]], x => tf.localResponseNormalization(x as Images))
for (const resize of ['resizeBilinear', 'resizeNearestNeighbor'] as const) {
  differentiable(resize, [[1, 4, 4, 2]], x => tf.image[resize](x as Images, [7, 7]))
  cases.set(`${resize} of integers`, t => tf.image[resize](t.integer([1, 4, 4, 2]) as Images, [7, 7]))
}
for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const) {
  differentiable(`fused matMul ${activation}`, [[3, 4], [4, 5], [5]], (a, b, bias) =>
    tf.fused.matMul({ a: a!, b: b!, bias, activation }),
  )
  for (const [transposeA, transposeB] of [
    [false, false],
    [true, true],
  ] as const) {
    cases.set(`fused matMul of batches ${transposeA} ${activation}`, t => {
      const [a, b] = [t.float(transposeA ? [2, 4, 3] : [2, 3, 4]), t.float(transposeB ? [2, 5, 4] : [2, 4, 5])]
      return tf.fused.matMul({ a, b, transposeA, transposeB, bias: t.float([5]), activation })
    })
  }
  cases.set(`fused matMul of transposes ${activation}`, t =>
    tf.fused.matMul({
      a: t.float([4, 3]),
      b: t.float([5, 4]),
      transposeA: true,
      transposeB: true,
      bias: t.float([5]),
      activation,
    }),
  )
  cases.set(`fused conv2d ${activation}`, t => {
    const [x, filter] = [t.float([2, 5, 5, 3]) as Images, t.float([3, 3, 3, 4]) as Images]
    return tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias: t.float([4]), activation })
  })
}
