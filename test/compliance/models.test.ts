import {
  model as functional,
  type LayersModel,
  layers,
  regularizers,
  type Sequential,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers'
import test from 'ava'
import { eagerEngine } from '../../src/compute/engine/eager/eager-engine.ts'
import { onnxEngine } from '../../src/compute/engine/onnx-engine.ts'
import { cnn } from '../../src/compute/models/cnn.ts'
import { gpt } from '../../src/compute/models/gpt.ts'
import { mlp } from '../../src/compute/models/mlp.ts'
import { moduleModel } from '../../src/compute/models/module-model.ts'
import { random } from '../../src/core/random.ts'
import { batchOf, images, memoryOf, modelSuite, text } from './models.ts'

type Layer = Parameters<Sequential['add']>[0]
const [rows, columns, classes] = [8, 8, 3]

modelSuite(test, 'mlp', images, () => mlp({ inputs: rows * columns, hidden: [8], classes }))
modelSuite(test, 'cnn', images, () =>
  cnn({ shape: [rows, columns, 1], channels: [3, 4], kernel: 3, hidden: [6], classes }),
)
modelSuite(test, 'gpt', text, () => gpt({ layers: 1, width: 8, heads: 2, context: 5, vocabulary: 7 }))

const fromLayers = (
  name: string,
  createModel: () => LayersModel,
  data = images,
  loss = 'sparseCategoricalCrossentropy',
) => modelSuite(test, name, data, () => moduleModel({ createModel, loss }, { file: name, data, context: 5, seed: 1 }))

/** Layers between an image and its classes. The first starts from [8, 8, 1]. */
const chain = (name: string, make: () => Layer[]) => fromLayers(name, () => chained(make()))

function chained(between: readonly Layer[]): LayersModel {
  const layersModel = sequential({ layers: [layers.inputLayer({ inputShape: [rows, columns, 1] })] })
  for (const layer of between) layersModel.add(layer)
  if (layersModel.outputs[0]!.rank > 2) layersModel.add(layers.flatten())
  layersModel.add(layers.dense({ units: classes, activation: 'softmax' }))
  return layersModel
}

/** The same from a sequence of 8 vectors of 8. */
const sequence = (name: string, make: () => Layer[]) =>
  chain(name, () => [layers.reshape({ targetShape: [rows, columns] }), ...make()])
const volume = (name: string, make: () => Layer[]) =>
  chain(name, () => [layers.reshape({ targetShape: [4, 4, 4, 1] }), ...make()])

chain('Dense with regularisers', () => [
  layers.flatten(),
  layers.dense({ units: 5, kernelRegularizer: regularizers.l1l2({ l1: 0.01, l2: 0.01 }), activation: 'tanh' }),
])
for (const activation of [
  'elu',
  'hardSigmoid',
  'linear',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'softmax',
  'softplus',
  'softsign',
  'tanh',
  'swish',
  'mish',
  'gelu',
  'gelu_new',
] as const) {
  chain(`Activation ${activation}`, () => [
    layers.flatten(),
    layers.dense({ units: 5 }),
    layers.activation({ activation: activation as 'relu' }),
  ])
}
chain('Dense with fused activations', () => [
  layers.flatten(),
  ...(['relu', 'linear', 'elu', 'relu6', 'sigmoid'] as const).map(activation => layers.dense({ units: 5, activation })),
])
chain('ReLU', () => [layers.dense({ units: 3 }), layers.reLU({ maxValue: 0.4 })])
chain('LeakyReLU', () => [layers.dense({ units: 3 }), layers.leakyReLU({ alpha: 0.2 })])
chain('PReLU', () => [layers.dense({ units: 3 }), layers.prelu({ alphaInitializer: 'ones' })])
chain('ELU', () => [layers.dense({ units: 3 }), layers.elu()])
chain('Softmax', () => [layers.dense({ units: 3 }), layers.softmax({ axis: -1 })])

sequence('Conv1D', () => [
  layers.conv1d({ filters: 3, kernelSize: 3, activation: 'relu' }),
  layers.conv1d({ filters: 3, kernelSize: 2, strides: 2, padding: 'same' }),
])
chain('Conv2D', () => [
  layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', padding: 'same' }),
  layers.conv2d({ filters: 4, kernelSize: [2, 3], strides: 2 }),
  layers.conv2d({ filters: 2, kernelSize: 2, useBias: false }),
])
chain('Conv2DTranspose', () => [
  layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
  layers.conv2dTranspose({ filters: 1, kernelSize: 2 }),
])
chain('DepthwiseConv2D', () => [
  layers.conv2d({ filters: 2, kernelSize: 1 }),
  layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu' }),
  layers.depthwiseConv2d({ kernelSize: 2, strides: 2 }),
])
chain('SeparableConv2D', () => [
  layers.conv2d({ filters: 2, kernelSize: 1 }),
  layers.separableConv2d({ filters: 3, kernelSize: 3, depthMultiplier: 2 }),
])
chain('AveragePooling2D and MaxPooling2D', () => [
  layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' }),
  layers.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
  layers.maxPooling2d({ poolSize: 3, strides: 2 }),
])
sequence('AveragePooling1D and MaxPooling1D', () => [
  layers.dense({ units: 3 }),
  layers.averagePooling1d({ poolSize: 2, strides: 1 }),
  layers.maxPooling1d({ poolSize: 2 }),
])
chain('GlobalAveragePooling2D', () => [layers.conv2d({ filters: 4, kernelSize: 3 }), layers.globalAveragePooling2d({})])
chain('GlobalMaxPooling2D', () => [layers.conv2d({ filters: 4, kernelSize: 3 }), layers.globalMaxPooling2d({})])
sequence('GlobalAveragePooling1D', () => [layers.dense({ units: 4 }), layers.globalAveragePooling1d({})])
sequence('GlobalMaxPooling1D', () => [layers.dense({ units: 4 }), layers.globalMaxPooling1d({})])
volume('Conv3D', () => [layers.conv3d({ filters: 2, kernelSize: 2, activation: 'relu' })])
volume('MaxPooling3D', () => [layers.dense({ units: 2 }), layers.maxPooling3d({ poolSize: 2 })])
volume('AveragePooling3D', () => [layers.dense({ units: 2 }), layers.averagePooling3d({ poolSize: 2 })])
chain('ZeroPadding2D and Cropping2D', () => [
  layers.conv2d({ filters: 2, kernelSize: 3 }),
  layers.zeroPadding2d({ padding: 1 }),
  layers.cropping2D({
    cropping: [
      [2, 1],
      [0, 3],
    ],
  }),
])
// To the nearest pixel it cannot be compared: the gradient of tfjs's own backend is wrong (docs/kernels.md).
chain('UpSampling2D, bilinear', () => [
  layers.conv2d({ filters: 2, kernelSize: 3 }),
  layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }),
])
chain('Rescaling', () => [layers.rescaling({ scale: 2, offset: -1 }), layers.conv2d({ filters: 2, kernelSize: 3 })])

chain('BatchNormalization', () => [
  layers.conv2d({ filters: 3, kernelSize: 3 }),
  layers.batchNormalization({ momentum: 0.8 }),
  layers.flatten(),
  layers.dense({ units: 4 }),
  layers.batchNormalization({}),
])
sequence('LayerNormalization', () => [layers.dense({ units: 4 }), layers.layerNormalization({})])
chain('frozen layers', () => [
  layers.flatten(),
  layers.dense({ units: 5, trainable: false }),
  layers.dense({ units: 5 }),
])
chain('Permute, Reshape, RepeatVector and Flatten', () => [
  layers.dense({ units: 2 }),
  layers.permute({ dims: [3, 1, 2] }),
  layers.reshape({ targetShape: [32, 4] }),
  layers.flatten(),
  layers.repeatVector({ n: 2 }),
])
sequence('SimpleRNN', () => [
  layers.simpleRNN({ units: 3, returnSequences: true }),
  layers.simpleRNN({ units: 3, goBackwards: true }),
])
sequence('GRU', () => [layers.gru({ units: 3, returnSequences: true }), layers.gru({ units: 3 })])
sequence('LSTM', () => [
  layers.lstm({ units: 3, returnSequences: true }),
  layers.lstm({ units: 3, recurrentActivation: 'sigmoid' }),
])
sequence('RNN of stacked cells', () => [
  layers.rnn({
    cell: layers.stackedRNNCells({
      cells: [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2 }), layers.simpleRNNCell({ units: 2 })],
    }),
  }) as Layer,
])
chain('ConvLSTM2D', () => [
  layers.reshape({ targetShape: [4, 4, 4, 1] }),
  layers.convLstm2d({ filters: 2, kernelSize: 2 }) as Layer,
])
sequence('Bidirectional', () => [
  layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }), mergeMode: 'concat' }),
  layers.bidirectional({ layer: layers.gru({ units: 2 }), mergeMode: 'sum' }),
])
sequence('TimeDistributed', () => [layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'relu' }) })])
sequence('Masking', () => [layers.masking({ maskValue: 0 }), layers.simpleRNN({ units: 3 })])

fromLayers(
  'Embedding',
  () =>
    sequential({
      layers: [
        layers.embedding({ inputDim: 7, outputDim: 4, inputLength: 5 }),
        layers.lstm({ units: 4, returnSequences: true }),
        layers.dense({ units: 7, activation: 'softmax' }),
      ],
    }),
  text,
)
fromLayers(
  'Embedding with a mask, the next token alone',
  () =>
    sequential({
      layers: [
        layers.embedding({ inputDim: 7, outputDim: 4, inputLength: 5, maskZero: true }),
        layers.gru({ units: 4 }),
        layers.dense({ units: 7, activation: 'softmax' }),
      ],
    }),
  text,
  'categoricalCrossentropy',
)

for (const merge of ['add', 'average', 'concatenate', 'maximum', 'minimum', 'multiply'] as const) {
  fromLayers(`merged by ${merge}`, () => branches(sides => (layers[merge]({}) as Layer).apply(sides) as SymbolicTensor))
}
fromLayers('merged by dot', () => branches(sides => layers.dot({ axes: 1 }).apply(sides) as SymbolicTensor))

function branches(merge: (sides: SymbolicTensor[]) => SymbolicTensor): LayersModel {
  const input = layers.input({ shape: [rows, columns, 1] })
  const flat = layers.flatten().apply(input) as SymbolicTensor
  const sides = (['tanh', 'sigmoid'] as const).map(
    activation => layers.dense({ units: 4, activation }).apply(flat) as SymbolicTensor,
  )
  const outputs = layers.dense({ units: classes, activation: 'softmax' }).apply(merge(sides)) as SymbolicTensor
  return functional({ inputs: input, outputs })
}

for (const loss of [
  'meanSquaredError',
  'meanAbsoluteError',
  'hinge',
  'squaredHinge',
  'categoricalHinge',
  'logcosh',
  'categoricalCrossentropy',
  'binaryCrossentropy',
  'kullbackLeiblerDivergence',
  'poisson',
  'cosineProximity',
  'meanSquaredLogarithmicError',
  'meanAbsolutePercentageError',
]) {
  fromLayers(
    `loss ${loss}`,
    () =>
      sequential({
        layers: [
          layers.flatten({ inputShape: [rows, columns, 1] }),
          layers.dense({ units: classes, activation: 'softmax' }),
        ],
      }),
    images,
    loss,
  )
}

const opened = (name: string, make: () => Layer[]) =>
  moduleModel(
    { createModel: () => chained(make()), loss: 'sparseCategoricalCrossentropy' },
    { file: name, data: images, context: 0, seed: 1 },
  )

const dropouts: Readonly<Record<string, () => Layer[]>> = {
  Dropout: () => [layers.dense({ units: 8 }), layers.dropout({ rate: 0.5 })],
  SpatialDropout1D: () => [
    layers.reshape({ targetShape: [8, 8] }),
    layers.dense({ units: 8 }),
    layers.spatialDropout1d({ rate: 0.5 }),
  ],
  'LSTM with dropout': () => [
    layers.reshape({ targetShape: [8, 8] }),
    layers.lstm({ units: 8, dropout: 0.5, recurrentDropout: 0.5 }),
  ],
}
for (const [name, make] of Object.entries(dropouts)) {
  test(`${name}: another mask in every step, none in evaluation`, async t => {
    const model = await opened(name, make)
    const memory = memoryOf(model)
    const batch = batchOf(model, classes, random(name))
    const graph = await onnxEngine().compileTraining(model, 4, memory)
    const eager = await (await eagerEngine('javascript')).compileTraining(model, 4, memory)
    try {
      const losses = new Set<number>()
      for (let i = 0; i < 4; i++) losses.add(await graph.lossAndGradients(batch, { seed: i }))
      t.is(losses.size, 4)
      const [{ loss }, expected] = [await graph.evaluate(batch), await eager.evaluate(batch)]
      t.true(Math.abs(loss - expected.loss) < 1e-5)
      t.is((await graph.evaluate(batch)).loss, loss)
    } finally {
      await graph.release()
    }
  })
}

/** Listed in docs/models.md. */
const untraced: Readonly<Record<string, { make: () => Layer[]; kernels: readonly string[] }>> = {
  GaussianNoise: { make: () => [layers.gaussianNoise({ stddev: 1 })], kernels: ['randomNormal'] },
  GaussianDropout: { make: () => [layers.gaussianDropout({ rate: 0.5 })], kernels: ['randomNormal'] },
  AlphaDropout: { make: () => [layers.alphaDropout({ rate: 0.5 })], kernels: ['randomUniform'] },
}
for (const [name, { make, kernels }] of Object.entries(untraced)) {
  test(`${name} is refused with the name of what lacks`, async t => {
    const model = await opened(name, make)
    const error = await t.throwsAsync(onnxEngine().compileTraining(model, 4, memoryOf(model)))
    t.like(error, { code: 'KERNEL_UNSUPPORTED', details: { kernels } })
  })
}
