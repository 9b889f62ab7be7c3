import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { onnxEngine } from '../../../../src/compute/engine/onnx-engine.ts'
import { linear } from '../../../../src/compute/models/layers.ts'
import { importModule } from '../../../../src/compute/models/load-module.ts'
import type { SequenceModel } from '../../../../src/compute/models/model.ts'
import { moduleModel } from '../../../../src/compute/models/module-model.ts'
import { sgd } from '../../../../src/compute/optim/sgd.ts'
import { random } from '../../../../src/core/random.ts'
import { batchOf, images, memoryOf, replicaOf, text } from '../../../compliance/models.ts'
import { processFolder } from '../../../support/tiny-text.ts'

const folder = processFolder()
const init = { file: 'm.ts', data: images, context: 5, seed: 1 }

const docs = ['docs/models.md', 'README.md']
  .map(page => readFileSync(new URL(`../../../../${page}`, import.meta.url), 'utf8'))
  .join('\n')
const examples = [...docs.matchAll(/<!-- test: (\S+) -->\n```ts\n(.*?)```/gs)].map(([, name, code]) => ({
  name: name!,
  code: code!,
}))

test('docs/models.md and the README have both kinds of example', t => {
  t.deepEqual(
    examples.map(({ name }) => name),
    ['plain.ts', 'layers.ts', 'readme.ts'],
  )
})

for (const { name, code } of examples) {
  test(`the example ${name} learns, to the letter`, async t => {
    const path = join(folder, name)
    writeFileSync(path, code)
    const model = await moduleModel(await importModule({ path, sha256: '' }), { ...init, file: path })
    const memory = memoryOf(model)
    const graph = await onnxEngine().compileTraining(model, 4, memory)
    const replica = replicaOf(memory, graph, sgd({ momentum: 0.9 }))
    const batch = batchOf(model, 3, random(name))
    const before = await replica.evaluate(batch)
    for (let age = 0; age < 80; age++) await replica.update(batch, { learningRate: 0.05, age, seed: age })
    const after = await replica.evaluate(batch)
    t.true(after.loss < before.loss, `${before.loss} -> ${after.loss}`)
    t.is(after.metrics.accuracy, 1, `accuracy ${after.metrics.accuracy}`)
    await replica.release()
  })
}

const parameter = (name: string, shape: number[]) => ({
  name,
  shape,
  initialize: (values: Float32Array) => values.fill(0.1),
})
const plain = {
  init: () => [parameter('weight', [64, 3]), parameter('bias', [3])],
  loss: ({ weight, bias }: Record<string, tf.Tensor>, { inputs }: Record<string, tf.Tensor>) =>
    tf.mean(linear(tf.reshape(inputs!, [-1, 64]), weight!, bias!)),
}

test('init is told of the data', async t => {
  const told: unknown[] = []
  const noting = {
    ...plain,
    init: (data: unknown) => {
      told.push(data)
      return plain.init()
    },
  }
  await moduleModel(noting, init)
  await moduleModel(noting, { ...init, data: text })
  t.deepEqual(told, [
    { kind: 'images', shape: [8, 8, 1], classes: 3 },
    { kind: 'text', vocabulary: 7, context: 5 },
  ])
})

test('loss is told whether it trains, and evaluation asks for metrics too', async t => {
  const modes: unknown[] = []
  const model = await moduleModel(
    {
      ...plain,
      loss: (p: never, b: never, mode: unknown) => {
        modes.push(mode)
        return plain.loss(p, b)
      },
      metrics: () => ({ one: tf.scalar(1) }),
    },
    init,
  )
  const memory = memoryOf(model)
  const graph = await onnxEngine().compileTraining(model, 4, memory)
  const { metrics } = await graph.evaluate(batchOf(model, 3, random(1)))
  t.deepEqual(modes, [{ training: true }, { training: false }])
  t.deepEqual(metrics, { one: 1 })
  await graph.release()
})

test('a model of text that exports logits can continue a sequence', async t => {
  const model = (await moduleModel({ ...plain, logits: () => tf.scalar(0) }, { ...init, data: text })) as SequenceModel
  t.is(model.context, 5)
  t.is(model.vocabulary, 7)
  t.is(model.tokens(4), 20)
  const images = await moduleModel({ ...plain, logits: () => tf.scalar(0) }, init)
  t.true('logits' in images && !('context' in images))
})

const wrong: Readonly<Record<string, { exports: object; message: RegExp }>> = {
  'no exports': { exports: {}, message: /expected it to export `init` and `loss`, or `createModel`/ },
  'no loss': { exports: { init: plain.init }, message: /expected it to export a function `loss`/ },
  'other data': {
    exports: { ...plain, data: 'text' },
    message: /exports `data` as text, and the run's data\.kind is images/,
  },
  'metrics that are no function': {
    exports: { ...plain, metrics: ['accuracy'] },
    message: /expected `metrics` to be a function/,
  },
  'init throws': { exports: { ...plain, init: () => raise('no luck') }, message: /`init` failed: no luck/ },
  'init returns nothing': { exports: { ...plain, init: () => [] }, message: /expected `init` to return a list/ },
  'a name twice': {
    exports: { ...plain, init: () => [parameter('a', [1]), parameter('a', [1])] },
    message: /a name of its own, got a/,
  },
  'a shape of text': {
    exports: { ...plain, init: () => [{ ...parameter('a', [1]), shape: 'x' }] },
    message: /the shape of the parameter a/,
  },
  'no initial values': {
    exports: { ...plain, init: () => [{ name: 'a', shape: [1] }] },
    message: /`initialize\(values, random\)`/,
  },
  'a loss that is no scalar': {
    exports: { ...plain, loss: ({ weight, bias }: Record<string, tf.Tensor>) => tf.add(weight!, bias!) },
    message: /expected `loss` to give a float32 scalar tensor, got float32 of shape \[64,3\]/,
  },
  'a loss that is a number': {
    exports: { ...plain, loss: ({ weight, bias }: Record<string, tf.Tensor>) => weight && bias && 3 },
    message: /got number/,
  },
  'a loss that throws': { exports: { ...plain, loss: () => raise('two\nlines') }, message: /`loss` failed: two lines/ },
  'a parameter that is not there': {
    exports: { ...plain, loss: ({ wieght }: Record<string, tf.Tensor>) => tf.mean(wieght!) },
    message: /there is no parameter wieght; `init` lists weight, bias/,
  },
  'a parameter that is not used': {
    exports: { ...plain, loss: ({ weight }: Record<string, tf.Tensor>) => tf.mean(weight!) },
    message: /`loss` does not use the parameter bias/,
  },
}
for (const [name, { exports, message }] of Object.entries(wrong)) {
  test(`refused in one line that names the file: ${name}`, async t => {
    const open = async () => {
      const model = await moduleModel(exports as Record<string, unknown>, init)
      await onnxEngine().compileTraining(model, 4, memoryOf(model))
    }
    const error = await t.throwsAsync(open())
    t.like(error, { code: 'MODEL_INVALID' })
    t.regex(error!.message, /^The model m\.ts: /)
    t.regex(error!.message, message)
    t.false(error!.message.includes('\n'))
  })
}

function raise(message: string): never {
  throw new Error(message)
}
