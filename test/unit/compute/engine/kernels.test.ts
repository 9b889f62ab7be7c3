import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { type Compute, integers, normals, relativeError, runEagerly, runTraced, type TensorData } from './both-ways.ts'

interface Case {
  /** tfjs kernels that the case calls, directly or in its gradient. */
  kernels: string
  inputs: Readonly<Record<string, TensorData>>
  run(tensors: Readonly<Record<string, tf.Tensor>>): tf.Tensor | tf.Tensor[]
  /** Whether to compare gradients with respect to the float inputs too. */
  smooth: boolean
}

const r = random('kernels')
const x = normals(r, [3, 4])
const row = normals(r, [4])
const column = normals(r, [3, 1])
const positive = { shape: [3, 4], values: Float32Array.from({ length: 12 }, () => 0.2 + r.next()) }
const inside = { shape: [3, 4], values: Float32Array.from({ length: 12 }, () => 1.6 * r.next() - 0.8) }
const above = { shape: [3, 4], values: Float32Array.from({ length: 12 }, () => 1.2 + r.next()) }
const ids = integers(r, [5], 3)
const odd = { shape: [6], values: Float32Array.of(0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, -3.5) }

const unary = (kernel: string, run: (x: tf.Tensor) => tf.Tensor, input: TensorData = x): Case => ({
  kernels: kernel,
  inputs: { x: input },
  run: ({ x }) => run(x!),
  smooth: true,
})
const rough = (each: Case): Case => ({ ...each, smooth: false })
const binary = (
  kernel: string,
  run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  a: TensorData = x,
  b: TensorData = positive,
): Case[] =>
  [b, row, column].map(other => ({
    kernels: kernel,
    inputs: { a, b: other === b ? b : { ...other, values: Float32Array.from(other.values, v => Math.abs(v) + 0.1) } },
    run: ({ a, b }) => run(a!, b!),
    smooth: true,
  }))

/** tfjs forgets to sum these gradients over the axes that were broadcast, and refuses its own result. */
const smoothUnlessBroadcast = (each: Case): Case => ({ ...each, smooth: each.inputs.b!.values.length === 12 })

const cases: Case[] = [
  unary('Abs', tf.abs),
  unary('Acos', tf.acos, inside),
  unary('Acosh', tf.acosh, above),
  unary('Asin', tf.asin, inside),
  unary('Asinh', tf.asinh),
  unary('Atan', tf.atan),
  unary('Atanh', tf.atanh, inside),
  rough(unary('Ceil', tf.ceil)),
  unary('ClipByValue', t => tf.clipByValue(t, -0.5, 0.7)),
  unary('Cos', tf.cos),
  unary('Cosh', tf.cosh),
  unary('Elu EluGrad', tf.elu),
  unary('Erf', tf.erf),
  unary('Exp', tf.exp),
  unary('Expm1', tf.expm1),
  rough(unary('Floor', tf.floor)),
  unary('Identity', tf.clone),
  rough(unary('IsFinite', tf.isFinite, odd)),
  rough(unary('IsInf', tf.isInf, odd)),
  rough(unary('IsNan', tf.isNaN, odd)),
  unary('LeakyRelu', t => tf.leakyRelu(t, 0.3)),
  unary('Log', tf.log, positive),
  unary('Log1p', tf.log1p, positive),
  unary('Neg', tf.neg),
  rough(unary('OnesLike', tf.onesLike)),
  unary('Prelu', t => tf.prelu(t, tf.scalar(0.2))),
  unary('Reciprocal', tf.reciprocal, positive),
  unary('Relu Step', tf.relu),
  unary('Relu6', tf.relu6),
  rough(unary('Round', tf.round)),
  unary('Rsqrt', tf.rsqrt, positive),
  unary('Selu', tf.selu),
  unary('Sigmoid', tf.sigmoid),
  rough(unary('Sign', tf.sign)),
  unary('Sin', tf.sin),
  unary('Sinh', tf.sinh),
  unary('Softplus', tf.softplus),
  unary('Sqrt', tf.sqrt, positive),
  unary('Square', tf.square),
  rough(unary('Step', t => tf.step(t, 0.2))),
  unary('Tan', tf.tan, inside),
  unary('Tanh', tf.tanh),
  rough(unary('ZerosLike', tf.zerosLike)),
  rough(unary('Cast', t => tf.cast(tf.cast(t, 'int32'), 'bool'))),
  ...binary('Add', tf.add),
  ...binary('Maximum GreaterEqual', tf.maximum).map(smoothUnlessBroadcast),
  ...binary('Minimum LessEqual', tf.minimum).map(smoothUnlessBroadcast),
  ...binary('Multiply', tf.mul),
  ...binary('Pow Greater Select', tf.pow, positive),
  ...binary('RealDiv', tf.div),
  ...binary('SquaredDifference', tf.squaredDifference, x, x).map(smoothUnlessBroadcast),
  ...binary('Sub', tf.sub),
  ...binary('Equal', tf.equal, x, x).map(rough),
  ...binary('NotEqual', tf.notEqual, x, x).map(rough),
  ...binary('Greater', tf.greater).map(rough),
  ...binary('Less', tf.less).map(rough),
  rough(
    unary('LogicalAnd LogicalOr LogicalNot', t => {
      const [low, high] = [tf.less(t, 0.5), tf.greater(t, -0.5)]
      return tf.logicalOr(tf.logicalAnd(low, high), tf.logicalNot(low))
    }),
  ),
  unary('Select', t => tf.where(tf.tensor1d([true, false, false, true]), tf.mul(t, 2), tf.square(t))),
  unary('AddN', t => tf.addN([t, tf.square(t), t])),
  unary('Sum', t => tf.sum(t, 0)),
  unary('Sum', t => tf.sum(t)),
  unary('Mean', t => tf.mean(t, 1, true)),
  unary('Max', t => tf.max(t, -1)),
  unary('Min', t => tf.min(t, [0, 1])),
  rough(unary('Prod', t => tf.prod(t, 1), positive)),
  rough(unary('All', t => tf.all(tf.greater(t, -1), 1))),
  rough(unary('Any', t => tf.any(tf.greater(t, 1), 0))),
  rough(unary('ArgMax', t => tf.argMax(t, 1))),
  rough(unary('ArgMin', t => tf.argMin(t))),
  unary('Cumsum', t => tf.cumsum(t, 1, true, true)),
  unary('Softmax', t => tf.softmax(t)),
  unary('LogSoftmax', t => tf.logSoftmax(t)),
  unary('Max Log', t => tf.logSumExp(t, 1)),
  ...[false, true].flatMap(ta =>
    [false, true].map(tb => ({
      kernels: 'BatchMatMul',
      inputs: { a: normals(r, ta ? [2, 4, 3] : [2, 3, 4]), b: normals(r, tb ? [2, 5, 4] : [2, 4, 5]) },
      run: ({ a, b }: Readonly<Record<string, tf.Tensor>>) => tf.matMul(a!, b!, ta, tb),
      smooth: true,
    })),
  ),
  {
    kernels: 'BatchMatMul',
    inputs: { a: normals(r, [3, 4]), b: normals(r, [5, 4]) },
    run: ({ a, b }) => tf.matMul(a!, tf.transpose(b!)),
    smooth: true,
  },
  unary('Transpose', t => tf.transpose(t, [2, 0, 1]), normals(r, [2, 3, 4])),
  unary('Reshape', t => tf.reshape(t, [2, -1])),
  unary('ExpandDims', t => tf.expandDims(t, 1)),
  unary('Concat Slice', t => tf.concat([t, tf.square(t)], 1)),
  unary('Pack Unpack', t => tf.stack([t, tf.exp(t)], -1)),
  { kernels: 'Unpack', inputs: { x }, run: ({ x }) => tf.unstack(x!, 1), smooth: true },
  { kernels: 'SplitV', inputs: { x }, run: ({ x }) => tf.split(x!, [1, -1], 1), smooth: true },
  { kernels: 'SplitV', inputs: { x }, run: ({ x }) => tf.split(x!, 2, 1), smooth: true },
  unary('Slice PadV2', t => tf.slice(t, [1, 0], [-1, 3])),
  unary('PadV2', t =>
    tf.pad(
      t,
      [
        [1, 0],
        [0, 2],
      ],
      0.5,
    ),
  ),
  unary('Tile', t => tf.tile(t, [1, 3]), column),
  unary('Tile', t => tf.tile(t, [2, 2])),
  unary('Tile', t => tf.broadcastTo(t, [3, 4]), row),
  unary('Reverse', t => tf.reverse(t, 1)),
  unary('Fill', t => tf.add(t, tf.fill([3, 4], 2))),
  unary('Range', t => tf.mul(t, tf.range(0, 4))),
  rough(unary('Range', t => tf.add(tf.cast(t, 'int32'), tf.range(8, 0, -2, 'int32')))),
  {
    kernels: 'GatherV2 UnsortedSegmentSum',
    inputs: { x, ids },
    run: ({ x, ids }) => tf.gather(x!, ids!),
    smooth: true,
  },
  {
    kernels: 'GatherV2',
    inputs: { x, ids },
    run: ({ x, ids }) => tf.gather(x!, ids!, 1),
    smooth: true,
  },
  {
    kernels: 'UnsortedSegmentSum',
    inputs: { x: normals(r, [5, 2]), ids },
    run: ({ x, ids }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 4),
    smooth: false,
  },
  { kernels: 'OneHot', inputs: { ids }, run: ({ ids }) => tf.oneHot(ids!, 4, 3, -1), smooth: false },
]

for (const [number, { kernels, inputs, run, smooth }] of cases.entries()) {
  test(`${number} ${kernels} equals tfjs's CPU backend`, async t => {
    const compute = asCompute(inputs, run, smooth)
    const [traced, eager] = [await runTraced(inputs, compute), await runEagerly(inputs, compute)]
    t.deepEqual(Object.keys(traced), Object.keys(eager))
    for (const [name, expected] of Object.entries(eager)) {
      const error = relativeError(traced[name]!, expected)
      t.true(error <= 1e-5, `${name}: relative error ${error}`)
    }
  })
}

/** Values, and gradients of their sum weighted so that no two elements count alike. */
function asCompute(inputs: Case['inputs'], run: Case['run'], smooth: boolean): Compute {
  const floats = Object.keys(inputs).filter(name => inputs[name]!.values instanceof Float32Array)
  return tensors => {
    const values = [run(tensors)].flat()
    const outputs = Object.fromEntries(values.map((value, i) => [`value ${i}`, value]))
    if (!smooth) return outputs
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
