import * as tf from '@tensorflow/tfjs-core'
import {
  constraints,
  model as functional,
  type LayersModel,
  layers,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers'
import test from 'ava'
import { onnxEngine } from '../../../../src/compute/engine/onnx-engine.ts'
import type { NamedTensors } from '../../../../src/compute/models/model.ts'
import { moduleModel } from '../../../../src/compute/models/module-model.ts'
import { adamw } from '../../../../src/compute/optim/adamw.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { random } from '../../../../src/core/random.ts'
import { batchOf, images, memoryOf, replicaOf, text } from '../../../compliance/models.ts'

const loss = 'sparseCategoricalCrossentropy'
const open = (createModel: () => unknown, more: object = {}, seed = 1) =>
  moduleModel({ createModel, loss, ...more }, { file: 'm.ts', data: images, context: 0, seed })

const dense = () =>
  sequential({
    layers: [
      layers.flatten({ inputShape: [8, 8, 1] }),
      layers.dense({ units: 4 }),
      layers.dense({ units: 3, name: 'head5', activation: 'softmax' }),
    ],
  })

test('names are counted within the model, and those that were given stay', async t => {
  const names = async () => (await open(dense)).parameters.map(({ name }) => name)
  const first = await names()
  t.deepEqual(first, ['dense_Dense1/kernel', 'dense_Dense1/bias', 'head5/kernel', 'head5/bias'])
  t.deepEqual(await names(), first)
})

test('the seed of the run names the initial values', async t => {
  const values = async (seed: number) => [...memoryOf(await open(dense, {}, seed)).parameters]
  const [a, b, other] = [await values(1), await values(1), await values(2)]
  t.deepEqual(a, b)
  t.notDeepEqual(a, other)
  t.true(new Set(a).size > 200)
  t.not(Math.random(), random(1).fork('model').next()) // Math.random is itself again
})

test('a shared layer has its weights once', async t => {
  const shared = () => {
    const input = layers.input({ shape: [8, 8, 1] })
    const flat = layers.flatten().apply(input) as SymbolicTensor
    const layer = layers.dense({ units: 64 })
    const twice = layer.apply(layer.apply(flat)) as SymbolicTensor
    return functional({
      inputs: input,
      outputs: layers.dense({ units: 3, activation: 'softmax' }).apply(twice) as SymbolicTensor,
    })
  }
  t.is((await open(shared)).parameters.length, 4)
})

test('batch normalisation: moving statistics follow their rule whatever the optimizer, and are used in evaluation', async t => {
  const momentum = 0.5
  const model = await open(() =>
    sequential({
      layers: [
        layers.flatten({ inputShape: [8, 8, 1] }),
        layers.batchNormalization({ momentum }),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  )
  const memory = memoryOf(model)
  const { layout } = memory
  const of = (name: string) => {
    const slot = layout.tensors.find(tensor => tensor.name.endsWith(name))!
    return { ...slot, values: memory.parameters.subarray(slot.offset, slot.offset + slot.length) }
  }
  t.true(of('moving_mean').statistic)
  t.is(of('gamma').statistic, undefined)
  const graph = await onnxEngine().compileTraining(model, 4, memory)
  const replica = replicaOf(memory, graph, adamw(layout, { weightDecay: 1 }), 1e-3)
  const batch = batchOf(model, 3, random('bn'))
  const inputs = batch.inputs!
  const mean = Float32Array.from({ length: 64 }, (_, j) =>
    [0, 1, 2, 3].reduce((sum, i) => sum + inputs[64 * i + j]! / 4, 0),
  )
  const expected = new Float32Array(64)
  const before = await replica.evaluate(batch)
  for (let age = 0; age < 3; age++) {
    await replica.update(batch, { learningRate: 0, age, seed: age })
    for (const [j, value] of mean.entries()) expected[j] = momentum * expected[j]! + (1 - momentum) * value
  }
  t.true(of('moving_mean').values.every((value, j) => Math.abs(value - expected[j]!) < 1e-6))
  // With a learning rate of 0 nothing else moved, and evaluation changed all the same.
  t.deepEqual(
    [...of('gamma').values],
    Array.from({ length: 64 }, () => 1),
  )
  t.not((await replica.evaluate(batch)).loss, before.loss)
  await replica.release()
})

test('frozen weights stay, whatever their gradient and decay', async t => {
  const model = await open(() =>
    sequential({
      layers: [
        layers.flatten({ inputShape: [8, 8, 1] }),
        layers.dense({ units: 4, trainable: false }),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  )
  const memory = memoryOf(model)
  const start = memory.parameters.slice()
  const graph = await onnxEngine().compileTraining(model, 4, memory)
  const replica = replicaOf(memory, graph, adamw(memory.layout, { weightDecay: 1 }), 0)
  await replica.update(batchOf(model, 3, random('frozen')), { learningRate: 0.1, age: 0, seed: 0 })
  for (const { offset, length, statistic = false } of memory.layout.tensors) {
    const same = start.subarray(offset, offset + length).every((value, i) => value === memory.parameters[offset + i])
    t.is(same, statistic)
  }
  await replica.release()
})

test('several inputs and outputs, through functions of the batch', async t => {
  const siamese = () => {
    const [a, b] = [layers.input({ shape: [32] }), layers.input({ shape: [32] })]
    const merged = layers.concatenate().apply([a, b]) as SymbolicTensor
    const head = (units: number, activation: 'softmax' | 'linear') =>
      layers.dense({ units, activation }).apply(merged) as SymbolicTensor
    return functional({ inputs: [a, b], outputs: [head(3, 'softmax'), head(1, 'linear')] })
  }
  const model = await open(siamese, {
    loss: ['sparseCategoricalCrossentropy', 'meanSquaredError'],
    inputs: ({ inputs }: NamedTensors) => tf.split(tf.reshape(inputs!, [4, 64]), 2, 1),
    targets: ({ targets }: NamedTensors) => {
      const classes = tf.cast(targets!, 'float32')
      return [classes, tf.reshape(classes, [4, 1])]
    },
  })
  const memory = memoryOf(model)
  const graph = await onnxEngine().compileTraining(model, 4, memory)
  t.true((await graph.lossAndGradients(batchOf(model, 3, random('two')))) > 0)
  await graph.release()
})

test('a model of text that gives probabilities for every token can continue a sequence', async t => {
  const recurrent = (returnSequences: boolean) => () =>
    sequential({
      layers: [
        layers.embedding({ inputDim: 7, outputDim: 4, inputLength: 5 }),
        layers.gru({ units: 4, returnSequences }),
        layers.dense({ units: 7, activation: 'softmax' }),
      ],
    })
  const openText = (returnSequences: boolean) =>
    moduleModel({ createModel: recurrent(returnSequences), loss }, { file: 'm.ts', data: text, context: 5, seed: 1 })
  t.false('context' in (await openText(false)))
  const model = await openText(true)
  t.like(model, { context: 5, vocabulary: 7 })
  const memory = memoryOf(model)
  const graph = await onnxEngine().compileInference(
    (parameters, batch) => model.logits!(parameters, batch.inputs!),
    [{ name: 'inputs', shape: [1, 5], dtype: 'int32' }],
    memory,
  )
  const [logits] = await graph.run({ inputs: Int32Array.of(1, 2, 3, 4, 5) })
  t.is(logits!.length, 5 * 7)
  for (let row = 0; row < 5; row++) {
    const sum = logits!.subarray(7 * row, 7 * row + 7).reduce((total, logit) => total + Math.exp(logit), 0)
    t.true(Math.abs(sum - 1) < 1e-5)
  }
  await graph.release()
})

const wrong: Readonly<Record<string, { make: () => unknown; more?: object; message: RegExp }>> = {
  'no model': { make: () => ({}), message: /expected `createModel` to return a tf.LayersModel/ },
  'a promise': { make: async () => dense(), message: /expected `createModel` to return a tf.LayersModel/ },
  'a throw': { make: () => Promise.reject === undefined || fail(), message: /`createModel` failed: no luck/ },
  'no shapes': {
    make: () => sequential(),
    message: /give its first layer an `inputShape`/,
  },
  'no loss': {
    make: dense,
    more: { loss: undefined },
    message: /export `loss`, or `createModel` to return a compiled model/,
  },
  'an unknown loss': { make: dense, more: { loss: 'nonsense' }, message: /`loss` failed: Unknown loss nonsense/ },
  'an unknown metric': { make: dense, more: { metrics: ['nonsense'] }, message: /nonsense/ },
  stateful: {
    make: () =>
      sequential({
        layers: [
          layers.reshape({ targetShape: [8, 8], batchInputShape: [4, 8, 8, 1] }),
          layers.lstm({ units: 3, stateful: true }),
        ],
      }),
    message: /stateful/,
  },
  'a constraint': {
    make: () =>
      sequential({
        layers: [
          layers.flatten({ inputShape: [8, 8, 1] }),
          layers.dense({ units: 3, kernelConstraint: constraints.nonNeg() }),
        ],
      }),
    message: /dense_Dense1\/kernel has a constraint/,
  },
  'inputs that are no function': {
    make: dense,
    more: { inputs: 3 },
    message: /expected `inputs` to be a function, got number/,
  },
  'nothing to train': {
    make: () => sequential({ layers: [layers.flatten({ inputShape: [8, 8, 1] })] }) as LayersModel,
    message: /no trainable weight/,
  },
}
for (const [name, { make, more, message }] of Object.entries(wrong)) {
  test(`refused in one line that names the file: ${name}`, async t => {
    const error = await t.throwsAsync(open(make, more))
    t.like(error, { code: 'MODEL_INVALID' })
    t.regex(error!.message, /^The model m\.ts: /)
    t.regex(error!.message, message)
    t.false(error!.message.includes('\n'))
  })
}

for (const loss of ['sparseCategoricalCrossentropy', 'categoricalCrossentropy']) {
  test(`an output of other than the data's classes is refused: ${loss}`, async t => {
    const model = await open(
      () =>
        sequential({
          layers: [layers.flatten({ inputShape: [8, 8, 1] }), layers.dense({ units: 2, activation: 'softmax' })],
        }),
      { loss },
    )
    await t.throwsAsync(onnxEngine().compileTraining(model, 4, memoryOf(model)), {
      code: 'MODEL_INVALID',
      message: /m\.ts: its output has 2 values, the data has 3 classes/,
    })
  })
}

test('a model whose input the data does not fit says both shapes', async t => {
  const model = await open(() =>
    sequential({ layers: [layers.dense({ units: 3, inputShape: [7], activation: 'softmax' })] }),
  )
  const layout = layoutParameters(model.parameters)
  const error = await t.throwsAsync(onnxEngine().compileTraining(model, 4, { ...memoryOf(model), layout }))
  t.is(
    error!.message,
    'The model m.ts: its model takes [any, 7], the data gives [4,8,8,1]: export a function `inputs(batch)`',
  )
})

function fail(): never {
  throw new Error('no luck')
}
