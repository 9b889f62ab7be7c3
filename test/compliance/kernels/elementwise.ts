import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { apart, between, integers, type KernelCase, normals, type TensorData, uniforms } from './case.ts'

type Unary = (x: tf.Tensor) => tf.Tensor
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor
type Gradient = KernelCase['gradient']

const unary = (title: string, run: Unary, x: TensorData, gradient: Gradient = 'tfjs'): KernelCase => ({
  title,
  inputs: { x },
  run: ({ x }) => run(x!),
  gradient,
})

const binary = (title: string, run: Binary, a: TensorData, b: TensorData, gradient: Gradient = 'tfjs'): KernelCase => ({
  title,
  inputs: { a, b },
  run: ({ a, b }) => run(a!, b!),
  gradient,
})

const odd: TensorData = { shape: [6], values: Float32Array.of(0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, -3.5) }

export function unaries(r: Random): KernelCase[] {
  const shape = [between(r, 1, 4), between(r, 2, 5)]
  const x = normals(r, shape)
  const kinked = apart(r, shape)
  const positive = uniforms(r, shape, 0.2, 2)
  const inside = uniforms(r, shape, -0.8, 0.8)
  const above = uniforms(r, shape, 1.2, 2.2)
  return [
    unary('abs', tf.abs, kinked),
    unary('acos', tf.acos, inside),
    unary('acosh', tf.acosh, above),
    unary('asin', tf.asin, inside),
    unary('asinh', tf.asinh, x),
    unary('atan', tf.atan, x),
    unary('atanh', tf.atanh, inside),
    unary('cast', t => tf.cast(tf.cast(t, 'int32'), 'bool'), x, 'none'),
    unary('ceil', tf.ceil, kinked),
    unary('clipByValue', t => tf.clipByValue(t, -0.5, 0.7), kinked),
    unary('clone', tf.clone, x),
    unary('cos', tf.cos, x),
    unary('cosh', tf.cosh, x),
    unary('elu', tf.elu, kinked),
    unary('erf', tf.erf, x),
    unary('exp', tf.exp, x),
    unary('expm1', tf.expm1, x),
    unary('floor', tf.floor, kinked),
    unary('isFinite', tf.isFinite, odd, 'none'),
    unary('isInf', tf.isInf, odd, 'none'),
    unary('isNaN', tf.isNaN, odd, 'none'),
    unary('leakyRelu', t => tf.leakyRelu(t, 0.3), kinked),
    unary('log', tf.log, positive),
    unary('log1p', tf.log1p, positive),
    unary('logSigmoid', tf.logSigmoid, x),
    unary('mish', t => tf.mul(t, tf.tanh(tf.softplus(t))), x),
    unary('neg', tf.neg, x),
    unary('onesLike', tf.onesLike, x, 'none'),
    unary('reciprocal', tf.reciprocal, positive),
    unary('relu', tf.relu, kinked),
    unary('relu6', t => tf.relu6(tf.mul(t, 4)), kinked),
    unary('round', tf.round, kinked, 'none'),
    unary('rsqrt', tf.rsqrt, positive),
    unary('selu', tf.selu, kinked),
    unary('sigmoid', tf.sigmoid, x),
    unary('sign', tf.sign, kinked),
    unary('sin', tf.sin, x),
    unary('sinh', tf.sinh, x),
    unary('softplus', tf.softplus, x),
    unary('sqrt', tf.sqrt, positive),
    unary('square', tf.square, x),
    unary('step', t => tf.step(t, 0.2), kinked),
    unary('tan', tf.tan, inside),
    unary('tanh', tf.tanh, x),
    unary('zerosLike', tf.zerosLike, x, 'none'),
  ]
}

export function binaries(r: Random): KernelCase[] {
  const shape = [between(r, 2, 4), between(r, 2, 5)]
  const x = normals(r, shape)
  const cases = [[...shape], [shape[1]!], [shape[0]!, 1], []].flatMap(other => {
    const b = normals(r, other)
    const positive = uniforms(r, other, 0.3, 2)
    // tfjs forgets to sum these gradients over the axes that were broadcast, and refuses its own result.
    const unlessBroadcast = other.length === 2 && other[1] !== 1 ? 'tfjs' : 'none'
    const all = apart(r, [...shape, 2])
    const size = shape[0]! * shape[1]!
    const left = { shape, values: all.values.slice(0, size) }
    const right = { shape: other, values: all.values.slice(size, size + b.values.length) }
    const whole = integers(r, other, 5)
    return [
      binary('add', tf.add, x, b),
      binary('sub', tf.sub, x, b),
      binary('mul', tf.mul, x, b),
      binary('div', tf.div, x, positive),
      binary('pow', tf.pow, uniforms(r, shape, 0.2, 2), positive),
      binary('maximum', tf.maximum, left, right, unlessBroadcast),
      binary('minimum', tf.minimum, left, right, unlessBroadcast),
      binary('squaredDifference', tf.squaredDifference, x, b, unlessBroadcast),
      binary('atan2', tf.atan2, uniforms(r, shape, -2, 2), positive),
      binary('mod', tf.mod, left, positive, 'none'),
      binary('floorDiv', tf.floorDiv, left, positive, 'none'),
      binary('prelu', tf.prelu, left, b),
      binary('equal', tf.equal, integers(r, shape, 5), whole, 'none'),
      binary('notEqual', tf.notEqual, integers(r, shape, 5), whole, 'none'),
      binary('greater', tf.greater, integers(r, shape, 5), whole, 'none'),
      binary('greaterEqual', tf.greaterEqual, integers(r, shape, 5), whole, 'none'),
      binary('less', tf.less, x, b, 'none'),
      binary('lessEqual', tf.lessEqual, integers(r, shape, 5), whole, 'none'),
      binary('logicalAnd', (p, q) => tf.logicalAnd(tf.greater(p, 0), tf.greater(q, 0)), x, b, 'none'),
      binary('logicalOr', (p, q) => tf.logicalOr(tf.greater(p, 0), tf.greater(q, 0)), x, b, 'none'),
      binary('logicalXor', (p, q) => tf.logicalXor(tf.greater(p, 0), tf.greater(q, 0)), x, b, 'none'),
    ]
  })
  const signed = { shape: [6], values: Int32Array.of(-7, 7, -7, 7, -6, 0) }
  const divisor = { shape: [6], values: Int32Array.of(2, -2, -2, 2, 3, 5) }
  return [
    ...cases,
    binary('floorDiv of integers', tf.floorDiv, signed, divisor, 'none'),
    binary('mod of integers', tf.mod, signed, divisor, 'none'),
    binary('div of integers', tf.div, signed, divisor, 'none'),
    binary(
      'mod, both signs',
      tf.mod,
      { shape: [4], values: Float32Array.of(-3.5, 3.5, -3.5, 3.5) },
      {
        shape: [4],
        values: Float32Array.of(2, -2, -2, 2),
      },
      'none',
    ),
    binary(
      'mod, whole',
      tf.mod,
      { shape: [3], values: Float32Array.of(4.5, 7.25, 1.5) },
      {
        shape: [3],
        values: Float32Array.of(2, 3, 4),
      },
    ),
    binary(
      'atan2 in all quadrants',
      tf.atan2,
      { shape: [8], values: Float32Array.of(1, 1, -1, -1, 0, 0, 2, -2) },
      {
        shape: [8],
        values: Float32Array.of(1, -1, 1, -1, 1, -1, 0, 0),
      },
      'none',
    ),
    {
      title: 'where',
      inputs: { a: normals(r, shape), b: x, condition: integers(r, shape, 2) },
      run: ({ a, b, condition }) => tf.where(tf.cast(condition!, 'bool'), tf.mul(a!, 2), tf.square(b!)),
    },
    unary(
      'where by column',
      t => tf.where(tf.tensor1d([true, false, true]), tf.mul(t, 2), tf.square(t)),
      normals(r, [2, 3]),
    ),
    unary('addN', t => tf.addN([t, tf.square(t), t]), x),
  ]
}
