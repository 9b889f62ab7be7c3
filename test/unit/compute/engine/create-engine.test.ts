import { registerHooks } from 'node:module'
import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { createEngine, orderBackends } from '../../../../src/compute/engine/create-engine.ts'
import { loadJavascript } from '../../../../src/compute/engine/eager/javascript.ts'
import { type BackendChoice, backendChoices, eagerBackends } from '../../../../src/compute/engine/engine.ts'
import type { BackendNotice } from '../../../../src/compute/engine/fallback.ts'
import type { Model } from '../../../../src/compute/models/model.ts'
import { MurmurError } from '../../../../src/core/errors.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'

/** Loss of w = [1, 2, 3], as `loss` makes it of w squared. */
function modelOf(loss: (squares: tf.Tensor) => tf.Tensor): Model {
  return modelWith(({ w }, { x }) => tf.sum(tf.mul(loss(tf.square(w!)), tf.mean(x!))))
}

function modelWith(loss: Model['loss']): Model {
  return {
    parameters: [{ name: 'w', shape: [3], group: 0, initialize: values => values.set([1, 2, 3]) }],
    inputs: batchSize => [{ name: 'x', shape: [batchSize], dtype: 'float32' }],
    loss,
    evaluate: (parameters, batch) => ({ loss: loss(parameters, batch) }),
    tokens: batchSize => batchSize,
  }
}

/** A branch that depends on a value. */
const branching = modelOf(squares => (tf.max(squares).dataSync()[0]! > 1 ? tf.mul(squares, 2) : squares))

/** A kernel that no rule traces, with its gradient. */
const cube = (x: tf.Tensor): tf.Tensor => tf.engine().runKernel('Cube', { x })
const cubic = modelOf(cube)

// Whatever is installed where this runs: TensorFlow is not here.
const hooks = registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@tensorflow/tfjs-node')) return next(specifier, context)
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' })
  },
})
test.after.always(() => hooks.deregister())

test.before(async () => {
  await loadJavascript()
  tf.registerKernel({
    kernelName: 'Cube',
    backendName: 'cpu',
    kernelFunc: ({ inputs, backend }) => {
      const cpu = backend as tf.KernelBackend
      const { dataId, shape } = inputs.x!
      const values = (cpu.readSync(dataId) as Float32Array).map(value => value ** 3)
      return { dataId: cpu.write(values, shape, 'float32'), shape, dtype: 'float32' }
    },
  })
  tf.registerGradient({
    kernelName: 'Cube',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(dy as tf.Tensor, tf.mul(tf.square(x!), 3)) }),
  })
})

async function train(model: Model, init: { backend?: BackendChoice; strict?: boolean } = {}) {
  const layout = layoutParameters(model.parameters)
  const memory = { layout, parameters: sharedFloats(3), gradients: sharedFloats(3) }
  memory.parameters.set([1, 2, 3])
  const notices: BackendNotice[] = []
  const engine = await createEngine({ ...init, onNotice: notice => notices.push(notice) })
  const graph = await engine.compileTraining(model, 2, memory)
  await engine.compileTraining(model, 2, memory) // told once
  const batch = { x: Float32Array.of(1, 1) }
  const loss = await graph.lossAndGradients(batch)
  return {
    backend: graph.backend,
    notices,
    loss,
    evaluation: (await graph.evaluate(batch)).loss,
    gradients: [...memory.gradients],
  }
}

// tfjs has one active backend for the process: these tests must not overlap.
const serial = test.serial

serial('a model that can be traced runs on the backend asked for, without a word', async t => {
  const { backend, notices, loss, gradients } = await train(modelOf(squares => squares))
  t.deepEqual([backend, notices, loss, gradients], ['cpu', [], 14, [2, 4, 6]])
})

serial('a branch on a value runs eagerly, and one line says so', async t => {
  const { backend, notices, loss, evaluation, gradients } = await train(branching)
  t.deepEqual([backend, loss, evaluation, gradients], ['wasm', 28, 28, [4, 8, 12]])
  t.deepEqual(
    notices.map(({ reason, kernels, from, to }) => ({ reason, kernels, from, to })),
    [{ reason: 'KERNEL_UNSUPPORTED', kernels: ['dataSync'], from: 'cpu', to: 'wasm' }],
  )
  t.regex(notices[0]!.message, /^The model reads values .*; so the model runs operation by operation on wasm[^\n]*$/)
})

serial('so does an unknown kernel', async t => {
  const { backend, notices, loss, gradients } = await train(cubic)
  t.deepEqual([backend, loss, gradients], ['wasm', 1 + 64 + 729, [6, 6 * 32, 6 * 243]])
  t.deepEqual(
    notices.map(({ kernels, from, to }) => ({ kernels, from, to })),
    [{ kernels: ['Cube'], from: 'cpu', to: 'wasm' }],
  )
  t.regex(notices[0]!.message, /No rule traces the kernel Cube/)
})

serial('so does a metric that cannot be traced, before training begins', async t => {
  const plain = modelOf(squares => squares)
  const measured: Model = {
    ...plain,
    evaluate: (parameters, batch) => ({
      loss: plain.loss(parameters, batch),
      cubes: tf.sum(cube(parameters.w!)) as tf.Scalar,
    }),
  }
  const { backend, notices } = await train(measured)
  t.deepEqual([backend, notices.map(({ kernels }) => kernels)], ['wasm', [['Cube']]])
})

serial('what one eager backend cannot do either, another does', async t => {
  const complex = modelWith(({ w }, { x }) => tf.sum(tf.mul(w!, tf.mean(tf.real(tf.complex(x!, x!))))))
  const { backend, notices, loss, gradients } = await train(complex)
  t.deepEqual([backend, loss, gradients], ['javascript', 6, [1, 1, 1]])
  t.deepEqual(
    notices.map(({ from, to }) => [from, to]),
    [
      ['cpu', 'javascript'],
      ['wasm', 'javascript'],
    ],
  )
  t.regex(notices[1]!.message, /tfjs's wasm backend has no tensors of type complex64, which Complex needs/)
})

serial('strict makes it an error that names the kernel', async t => {
  const error = await t.throwsAsync(train(cubic, { strict: true }), { instanceOf: MurmurError })
  t.is(error.code, 'KERNEL_UNSUPPORTED')
  t.deepEqual(error.details.kernels, ['Cube'])
})

serial('an eager backend asked for by name runs what it can without a word', async t => {
  for (const backend of ['wasm', 'javascript'] as const) {
    const result = await train(branching, { backend })
    t.deepEqual([result.backend, result.notices, result.loss], [backend, [], 28])
  }
})

serial('a backend that is not here is an error when it is asked for by name', async t => {
  const error = await t.throwsAsync(train(branching, { backend: 'tensorflow' }), { instanceOf: MurmurError })
  t.is(error.code, 'BACKEND_UNAVAILABLE')
})

serial('a backend asked for by name comes first and is required; eager ones follow, best first', async t => {
  for (const choice of backendChoices) {
    if (choice === 'auto') continue
    const { names, first } = await orderBackends(choice)
    t.is(first, 'required')
    t.is(names[0], choice)
    t.deepEqual(
      names.slice(1),
      eagerBackends.filter(name => name !== choice),
    )
  }
})

serial('auto finds a backend that works, and nothing that the model cannot do', async t => {
  const { names, first } = await orderBackends('auto')
  t.is(first, 'preferred')
  t.deepEqual(names.slice(-1), ['javascript'])
  t.is(new Set(names).size, names.length)
  t.is((await train(branching, { backend: 'auto' })).loss, 28)
})

test('auto can be cancelled', async t => {
  const signal = AbortSignal.abort(new MurmurError({ code: 'CANCELLED', message: 'Enough' }))
  await t.throwsAsync(createEngine({ backend: 'auto', signal }), { message: 'Enough' })
})

test('options are validated', async t => {
  await t.throwsAsync(createEngine({ threads: 0 }), { message: 'Expected `threads` to be an integer >= 1, got 0' })
  await t.throwsAsync(createEngine({ backend: 'metal' as BackendChoice }), {
    message: /Expected `backend` to be one of auto, cpu, .*, javascript, got metal/,
  })
})
