import * as tf from '@tensorflow/tfjs-core'
import * as tfl from '@tensorflow/tfjs-layers'
import test from 'ava'
import ort from 'onnxruntime-node'
import { exportOnnx, type OnnxExport } from '../../../../src/compute/engine/export-onnx.ts'
import { onnxEngine } from '../../../../src/compute/engine/onnx-engine.ts'
import { cnn } from '../../../../src/compute/models/cnn.ts'
import { gpt } from '../../../../src/compute/models/gpt.ts'
import { mlp } from '../../../../src/compute/models/mlp.ts'
import type { Model } from '../../../../src/compute/models/model.ts'
import { moduleModel } from '../../../../src/compute/models/module-model.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'
import { random } from '../../../../src/core/random.ts'

const init = { version: '1.2.3', metadata: { 'murmuration.run': 'abc' } }

function memoryOf(model: Model) {
  const layout = layoutParameters(model.parameters, 1)
  const parameters = sharedFloats(layout.length)
  for (const { name, offset, length } of layout.tensors) {
    const { initialize } = model.parameters.find(parameter => parameter.name === name)!
    initialize(parameters.subarray(offset, offset + length), random('export').fork(name))
  }
  return { layout, parameters }
}

const images = {
  kind: 'images',
  inputs: 48,
  shape: [6, 8, 1],
  classes: 3,
  trainExamples: 1,
  validationExamples: 1,
  summary: '',
  fingerprint: '',
} as const

const text = gpt({ layers: 2, width: 16, heads: 2, context: 12, vocabulary: 40 })
const textMemory = memoryOf(text)

function textExport(context: number): OnnxExport {
  const input = { name: 'input_ids', shape: [1, context], dtype: 'int32' as const }
  return { forward: (parameters, tokens) => text.logits(parameters, tokens), input, memory: textMemory }
}

/** Logits as the engine computes them. */
async function engineLogits(tokens: Int32Array, shape: number[]): Promise<Float32Array> {
  const spec = { name: 'inputs', shape, dtype: 'int32' as const }
  const graph = await onnxEngine().compileInference((p, b) => text.logits(p, b.inputs!), [spec], textMemory)
  const [logits] = await graph.run({ inputs: tokens })
  await graph.release()
  return logits!
}

function furthest(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let most = one.length === other.length ? 0 : Number.POSITIVE_INFINITY
  for (let i = 0; i < one.length; i++) most = Math.max(most, Math.abs(one[i]! - other[i]!))
  return most
}

for (const context of [12, 5]) {
  test(`a gpt with sequences of ${context}: the engine's logits, in a session of its own, for any batch`, async t => {
    const session = await ort.InferenceSession.create(await exportOnnx(textExport(context), init))
    t.deepEqual([session.inputNames, session.outputNames], [['input_ids'], ['logits']])
    t.like(session.inputMetadata[0], { type: 'int64', shape: ['batch', context] })
    t.like(session.outputMetadata[0], { type: 'float32', shape: ['batch', context, 40] })
    for (const batch of [1, 2, 7]) {
      const stream = random(`batch ${batch}`)
      const tokens = Int32Array.from({ length: batch * context }, () => stream.integer(40))
      const feed = new ort.Tensor('int64', BigInt64Array.from(tokens, BigInt), [batch, context])
      const { logits } = await session.run({ input_ids: feed })
      t.deepEqual([...logits!.dims], [batch, context, 40])
      t.true(furthest(logits!.data as Float32Array, await engineLogits(tokens, [batch, context])) < 1e-5)
    }
    await session.release()
  })
}

test('a fixed batch is in the signature', async t => {
  const session = await ort.InferenceSession.create(await exportOnnx(textExport(12), { ...init, batch: 3 }))
  t.like(session.inputMetadata[0], { shape: [3, 12] })
  await session.release()
})

const layers = () =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [6, 8, 1], filters: 2, kernelSize: 3, activation: 'relu' }),
      tfl.layers.batchNormalization(),
      tfl.layers.flatten(),
      tfl.layers.dropout({ rate: 0.5 }),
      tfl.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  })

const imageModels: Record<string, () => Model | Promise<Model>> = {
  mlp: () => mlp({ inputs: 48, hidden: [5, 4], classes: 3 }),
  cnn: () => cnn({ shape: [6, 8, 1], channels: [2, 3], kernel: 3, hidden: [5], classes: 3 }),
  'a LayersModel': () =>
    moduleModel(
      { createModel: layers, loss: 'sparseCategoricalCrossentropy' },
      { file: 'layers.ts', data: images, context: 0, seed: 1 },
    ),
}

for (const [name, open] of Object.entries(imageModels)) {
  test.serial(`${name}: images to logits, for any batch`, async t => {
    const model = await open()
    const memory = memoryOf(model)
    const forward: OnnxExport['forward'] = (parameters, inputs) => model.logits!(parameters, inputs)
    const input = model.inputs(1).find(spec => spec.name === 'inputs')!
    const session = await ort.InferenceSession.create(await exportOnnx({ forward, input, memory }, init))
    const stream = random('pixels')
    for (const batch of [1, 4]) {
      const pixels = Float32Array.from({ length: batch * 48 }, () => stream.next())
      const shape = [batch, ...input.shape.slice(1)]
      const { logits } = await session.run({ inputs: new ort.Tensor('float32', pixels, shape) })
      const graph = await onnxEngine().compileInference((p, b) => forward(p, b.inputs!), [{ ...input, shape }], memory)
      t.deepEqual([...logits!.dims], [batch, 3])
      t.true(furthest(logits!.data as Float32Array, (await graph.run({ inputs: pixels }))[0]!) < 1e-5)
      await graph.release()
    }
    await session.release()
  })
}

test('the file has the parameters by name, its metadata, and no operators but those of ai.onnx', async t => {
  const bytes = Buffer.from(await exportOnnx(textExport(12), init))
  for (const said of ['wte.weight', 'h.1.mlp.c_proj.bias', 'murmuration.run', 'abc', '1.2.3'])
    t.true(bytes.includes(said))
  t.false(bytes.includes('com.microsoft'))
  const { offset, length } = textMemory.layout.tensors.find(({ name }) => name === 'h.0.mlp.c_fc.weight')!
  t.true(bytes.includes(Buffer.from(textMemory.parameters.slice(offset, offset + length).buffer)))
})

test('what depends on the batch in other ways has to be of a fixed size, and what is too large is refused', async t => {
  const forward: OnnxExport['forward'] = (parameters, inputs) => {
    const [batch, inside] = inputs.shape as [number, number]
    return tf.add(tf.mul(tf.reshape(inputs, [batch, inside]), batch), parameters.bias!)
  }
  const memory = {
    layout: layoutParameters([{ name: 'bias', shape: [4], group: 0 }], 1),
    parameters: new Float32Array(4),
  }
  const odd = { forward, input: { name: 'inputs', shape: [1, 4], dtype: 'float32' as const }, memory }
  await t.throwsAsync(exportOnnx(odd, init), { code: 'USAGE', message: /--batch/ })
  await t.notThrowsAsync(exportOnnx(odd, { ...init, batch: 2 }))
  const huge = layoutParameters([{ name: 'huge', shape: [2 ** 29], group: 0 }], 1)
  await t.throwsAsync(exportOnnx({ ...odd, memory: { layout: huge, parameters: new Float32Array(0) } }, init), {
    code: 'USAGE',
    message: /2147483648 bytes: expected less than 2 GiB/,
  })
})
