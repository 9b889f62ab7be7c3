import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { eagerEngine } from '../../../../../src/compute/engine/eager/eager-engine.ts'
import { mlp } from '../../../../../src/compute/models/mlp.ts'
import type { Model } from '../../../../../src/compute/models/model.ts'
import { MurmurError } from '../../../../../src/core/errors.ts'
import { layoutParameters } from '../../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../../src/core/parameters.ts'
import { random } from '../../../../../src/core/random.ts'

// tfjs has one active backend for the process: these tests must not overlap.
const serial = test.serial

const backends = ['wasm', 'javascript'] as const
const registered = { wasm: 'wasm', javascript: 'cpu' } as const

function memoryFor(model: Model) {
  const layout = layoutParameters(model.parameters)
  const parameters = sharedFloats(layout.length)
  const stream = random('eager')
  for (const i of parameters.keys()) parameters[i] = stream.normal()
  return { layout, parameters, gradients: sharedFloats(layout.length) }
}

const small = mlp({ inputs: 3, hidden: [4], classes: 2 })
const batch = { inputs: Float32Array.of(1, 2, 3, -1, 0, 1), targets: Int32Array.of(0, 1) }

/** The small model with another loss. */
const smallWith = (loss: Model['loss']): Model => ({
  parameters: small.parameters,
  inputs: size => small.inputs(size),
  loss,
  evaluate: (parameters, inputs) => ({ loss: loss(parameters, inputs) }),
  tokens: size => size,
})

interface WasmBackend extends tf.KernelBackend {
  wasm: { HEAPU8: Uint8Array }
}

for (const backend of backends) {
  serial(`${backend}: a thousand steps leave nothing behind`, async t => {
    const graph = await (await eagerEngine(backend)).compileTraining(small, 2, memoryFor(small))
    const instance = tf.engine().findBackend(registered[backend])
    const kept = () => ({
      tensors: tf.memory().numTensors,
      numbers: instance.numDataIds(),
      heap: backend === 'wasm' ? (instance as WasmBackend).wasm.HEAPU8.length : 0,
    })
    await graph.lossAndGradients(batch)
    const before = kept()
    for (let step = 0; step < 1000; step++) {
      await graph.lossAndGradients(batch)
      if (step % 10 === 0) await graph.evaluate(batch)
    }
    t.deepEqual(kept(), before)
  })

  serial(`${backend}: a step that fails leaves nothing behind, nor another backend`, async t => {
    const failing = smallWith((parameters, inputs) => {
      if (inputs.targets!.dataSync()[0] === 1) throw new RangeError('a fault of the model')
      return small.loss(parameters, inputs)
    })
    const graph = await (await eagerEngine(backend)).compileTraining(failing, 2, memoryFor(small))
    for (const active of ['cpu', registered[backend]]) {
      tf.setBackend(active)
      const { numTensors } = tf.memory()
      const bad = { ...batch, targets: Int32Array.of(1, 0) }
      await t.throwsAsync(graph.lossAndGradients(bad), { message: 'a fault of the model' })
      await t.throwsAsync(graph.evaluate(bad), { message: 'a fault of the model' })
      t.is(tf.getBackend(), active)
      t.is(tf.memory().numTensors, numTensors)
      await graph.lossAndGradients(batch) // works on
    }
  })

  serial(`${backend}: dropout draws from the step's seed; evaluation and inference drop nothing`, async t => {
    const loss: Model['loss'] = ({ w }, { x }) => tf.mean(tf.div(tf.dropout(tf.mul(x!, w!), 0.25), 2))
    const dropping: Model = {
      parameters: [{ name: 'w', shape: [64], group: 0, initialize: values => values.fill(1) }],
      inputs: size => [{ name: 'x', shape: [size, 64], dtype: 'float32' }],
      loss,
      evaluate: (parameters, inputs) => ({ loss: loss(parameters, inputs) }),
      tokens: size => size,
    }
    const memory = memoryFor(dropping)
    memory.parameters.fill(1)
    const engine = await eagerEngine(backend)
    const graph = await engine.compileTraining(dropping, 16, memory)
    const ones = { x: new Float32Array(16 * 64).fill(1) }
    const first = await graph.lossAndGradients(ones, { seed: 1 })
    const gradients = memory.gradients.slice()
    t.true(Math.abs(first - 0.5) < 0.1 && first !== 0.5, `${first}`)
    t.not(await graph.lossAndGradients(ones, { seed: 2 }), first)
    t.is(await graph.lossAndGradients(ones, { seed: 1 }), first)
    t.deepEqual(memory.gradients.slice(), gradients)
    t.is((await graph.evaluate(ones)).loss, 0.5)
    t.is(await graph.lossAndGradients(ones, { seed: 1 }), first)
    const [spec] = dropping.inputs(16)
    const forward = await engine.compileInference(({ w }, { x }) => tf.dropout(tf.mul(x!, w!), 0.25), [spec!], memory)
    t.deepEqual((await forward.run(ones))[0], ones.x)
    t.false(String(Math.random).includes('stream'))
  })

  serial(`${backend}: a batch of the wrong size or name is refused`, async t => {
    const graph = await (await eagerEngine(backend)).compileTraining(small, 2, memoryFor(small))
    await t.throwsAsync(graph.evaluate({ ...batch, inputs: new Float32Array(5) }), {
      message: 'Expected `inputs` to have 6 elements for [2,3], got 5',
    })
    await t.throwsAsync(graph.evaluate({ inputs: batch.inputs }), {
      message: 'Expected `targets` among the inputs, got inputs',
    })
  })

  serial(`${backend}: a kernel without a gradient is a named error when compiled`, async t => {
    const rigid = smallWith(parameters =>
      tf.sum(tf.einsum('ij,kl->', parameters['layers.0.weight']!, parameters['layers.1.weight']!)),
    )
    const compiling = (await eagerEngine(backend)).compileTraining(rigid, 2, memoryFor(small))
    const error = await t.throwsAsync(compiling, { instanceOf: MurmurError })
    t.is(error.code, 'KERNEL_UNSUPPORTED')
    t.deepEqual(error.details.kernels, ['Einsum'])
  })
}

serial("loading adds no handler for what nobody caught: Emscripten's would decide how the process ends", async t => {
  await eagerEngine('wasm')
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    const names = process.listeners(event as 'uncaughtException').map(String)
    t.false(
      names.some(source => source.includes('ExitStatus') || source.includes('throw reason')),
      event,
    )
  }
})
