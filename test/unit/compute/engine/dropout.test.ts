import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import test from 'ava'
import { GraphBuilder } from '../../../../src/compute/engine/builder.ts'
import { onnxEngine } from '../../../../src/compute/engine/onnx-engine.ts'
import { optimize } from '../../../../src/compute/engine/optimize.ts'
import { seedInput, seedName, seedOf } from '../../../../src/compute/engine/random-values.ts'
import { openSession } from '../../../../src/compute/engine/session.ts'
import { type Compute, trace } from '../../../../src/compute/engine/trace.ts'
import type { Model } from '../../../../src/compute/models/model.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'

const init = { provider: 'cpu', threads: 1 } as const

/** What `compute` makes of ones of a shape, for several seeds. */
async function onOnes(shape: readonly number[], compute: (x: tf.Tensor) => tf.Tensor, seeds: readonly number[]) {
  const traced = trace([{ name: 'x', shape, dtype: 'float32' }], ({ x }) => ({ y: compute(x!) }))
  const session = await openSession(optimize(traced), {}, init)
  const x = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1)
  const results: Float32Array[] = []
  for (const seed of seeds) results.push(Float32Array.from((await session.run({ x, [seedName]: seedOf(seed) })).y!))
  await session.release()
  return results
}

const mean = (values: Iterable<number>): number => {
  const list = [...values]
  return list.reduce((sum, value) => sum + value, 0) / list.length
}

test('dropout keeps each element with its probability, in proportion', async t => {
  for (const rate of [0.1, 0.5, 0.9]) {
    const [y] = await onOnes([200, 300], x => tf.dropout(x, rate), [7])
    t.deepEqual([...new Set(y)].toSorted(), [0, Math.fround(1 / Math.fround(1 - rate))])
    const kept = mean(y!.map(value => Number(value > 0)))
    t.true(Math.abs(kept - (1 - rate)) < 5 * Math.sqrt((rate * (1 - rate)) / y!.length), `kept ${kept}`)
  }
})

test('masks depend on the seed and on the place in the graph alone', async t => {
  const two = (x: tf.Tensor) => tf.stack([tf.dropout(x, 0.5), tf.dropout(x, 0.5)])
  const [a, again, b] = await onOnes([100, 100], two, [1, 1, 2])
  t.deepEqual(a, again)
  const agreement = (p: Float32Array, q: Float32Array) => mean(p.map((value, i) => Number(value === q[i])))
  t.true(Math.abs(agreement(a!, b!) - 0.5) < 0.02)
  t.true(Math.abs(agreement(a!.subarray(0, 10_000), a!.subarray(10_000)) - 0.5) < 0.025)
})

test('neighbours, rows, columns and blocks of a mask are uncorrelated, in one step and the next', async t => {
  const [rows, columns] = [256, 256]
  const masks = await onOnes([rows, columns], x => tf.dropout(x, 0.5), [1, 2, 3, 4])
  const signs = masks.map(mask => mask.map(value => (value > 0 ? 1 : -1)))
  const at = (s: Float32Array, i: number, j: number) => s[(i % rows) * columns + (j % columns)]!
  const products: Record<string, (s: Float32Array, i: number, j: number, next: Float32Array) => number> = {
    'along rows': (s, i, j) => at(s, i, j) * at(s, i, j + 1),
    'along columns': (s, i, j) => at(s, i, j) * at(s, i + 1, j),
    'in blocks': (s, i, j) => at(s, i, j) * at(s, i, j + 1) * at(s, i + 1, j) * at(s, i + 1, j + 1),
    'from step to step': (s, i, j, next) => at(s, i, j) * at(next, i, j),
    'in blocks of two steps': (s, i, j, next) => at(s, i, j) * at(s, i, j + 1) * at(next, i, j) * at(next, i, j + 1),
  }
  for (const [what, product] of Object.entries(products)) {
    const values: number[] = []
    for (const [k, s] of signs.slice(0, 3).entries()) {
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) values.push(product(s, i, j, signs[k + 1]!))
    }
    const correlation = mean(values)
    t.true(Math.abs(correlation) < 4.5 / Math.sqrt(values.length), `${what}: ${correlation}`)
  }
  for (const s of signs) {
    const sums = (of: (line: number, k: number) => number) =>
      Array.from(
        { length: rows },
        (_, line) => mean(Array.from({ length: columns }, (_, k) => of(line, k))) ** 2 * columns,
      )
    // Squared sums of fair signs have mean 1 and variance 2.
    for (const line of [sums((i, j) => at(s, i, j)), sums((j, i) => at(s, i, j))]) {
      t.true(Math.abs(mean(line) - 1) < 5 * Math.sqrt(2 / rows), `lines: ${mean(line)}`)
    }
  }
})

test('the gradient passes through the same mask', async t => {
  const both: Compute = ({ x }) => {
    const { value, grad } = tf.valueAndGrad(y => tf.dropout(y as tf.Tensor, 0.3))(x!)
    return { value, grad }
  }
  const session = await openSession(optimize(trace([{ name: 'x', shape: [40, 5], dtype: 'float32' }], both)), {}, init)
  const { value, grad } = await session.run({ x: new Float32Array(200).fill(1), [seedName]: seedOf(3) })
  t.true(value!.includes(0))
  t.deepEqual(value, grad)
  await session.release()
})

test('uniform values lie in [0, 1)', async t => {
  const build = new GraphBuilder()
  const u = build.add('RandomUniform', [seedInput(build)], { shape: [1000, 100], site: 0 })
  const session = await openSession(optimize(build.finish(new Map([['u', u]]))), {}, init)
  const values = (await session.run({ [seedName]: seedOf(5) })).u as Float32Array
  t.true(values.every(value => value >= 0 && value < 1))
  const counts = Array.from({ length: 10 }, (_, k) => values.filter(value => Math.floor(value * 10) === k).length)
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)
  t.true(chiSquare < 28, `chi square of 9 degrees ${chiSquare}`)
  await session.release()
})

/** Mean of w x, some of it dropped by a layer of tfjs-layers. */
function droppingModel(): Model {
  const dropout = layers.layers.dropout({ rate: 0.5 })
  const loss: Model['loss'] = ({ w }, { x }) =>
    tf.mean(dropout.apply(tf.mul(x!, w!), { training: true }) as tf.Tensor) as tf.Scalar
  return {
    parameters: [{ name: 'w', shape: [64], group: 0, initialize: values => values.fill(1) }],
    inputs: batchSize => [{ name: 'x', shape: [batchSize, 64], dtype: 'float32' }],
    loss,
    evaluate: (parameters, batch) => ({ loss: loss(parameters, batch) }),
    tokens: batchSize => batchSize,
  }
}

test('a training step draws from the seed it is given; evaluation drops nothing', async t => {
  const model = droppingModel()
  const layout = layoutParameters(model.parameters)
  const memory = { layout, parameters: sharedFloats(layout.length), gradients: sharedFloats(layout.length) }
  memory.parameters.fill(1)
  const graph = await onnxEngine().compileTraining(model, 16, memory)
  const batch = { x: new Float32Array(16 * 64).fill(1) }
  const first = await graph.lossAndGradients(batch, { seed: 1 })
  const gradients = memory.gradients.slice()
  t.not(await graph.lossAndGradients(batch, { seed: 2 }), first)
  t.is(await graph.lossAndGradients(batch, { seed: 1 }), first)
  t.deepEqual(memory.gradients.slice(), gradients)
  t.is((await graph.evaluate(batch)).loss, 1)
  await graph.release()
})

test('other random operations are refused by name', t => {
  const on = (compute: (x: tf.Tensor) => tf.Tensor) => () =>
    trace([{ name: 'x', shape: [4], dtype: 'float32' }], ({ x }) => ({ y: compute(x!) }))
  const refused = { code: 'KERNEL_UNSUPPORTED' }
  t.like(t.throws(on(x => tf.add(x, tf.randomNormal([4])))), { ...refused, details: { kernels: ['randomNormal'] } })
  t.like(t.throws(on(x => tf.add(x, tf.randomUniform([4])))), { ...refused, details: { kernels: ['randomUniform'] } })
})
