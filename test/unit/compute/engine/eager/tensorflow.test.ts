import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import util from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import test, { type ExecutionContext } from 'ava'
import { eagerEngine } from '../../../../../src/compute/engine/eager/eager-engine.ts'
import { loadTensorflow } from '../../../../../src/compute/engine/eager/tensorflow.ts'
import { mlp } from '../../../../../src/compute/models/mlp.ts'
import { MurmurError } from '../../../../../src/core/errors.ts'
import { layoutParameters } from '../../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../../src/core/parameters.ts'

/**
 * libtensorflow cannot be had everywhere: these packages have tfjs-node's entry, order of events and calls of removed
 * functions of `util`, and compute with tfjs's CPU backend.
 */
const working = `
const util_1 = require('util')
const tf = require('@tensorflow/tfjs-core')
const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu')
class Backend extends MathBackendCPU {
  constructor() {
    super()
    this.firstUse = false
    this.isUsingGpuDevice = GPU
  }
}
for (const { kernelName, kernelFunc } of tf.getKernelsForBackend('cpu')) {
  tf.registerKernel({
    kernelName,
    backendName: 'tensorflow',
    kernelFunc: call => {
      if ((0, util_1.isNullOrUndefined)(call.inputs) || typeof util_1.promisify !== 'function') throw new Error('no inputs')
      exports.calls++
      return kernelFunc(call)
    },
  })
}
exports.calls = 0
tf.registerBackend('tensorflow', () => new Backend(), 3)
tf.setBackend('tensorflow')
`

const broken = `
const tf = require('@tensorflow/tfjs-core')
tf.registerKernel({ kernelName: 'Add', backendName: 'tensorflow', kernelFunc: () => { throw new Error('half loaded') } })
throw new Error('libtensorflow.so.2: cannot open shared object file\\nmore of it')
`

/** Puts packages where `import` finds them, for one test. */
async function install(t: ExecutionContext, packages: Readonly<Record<string, string>>): Promise<void> {
  const scope = join(await mkdtemp(join(tmpdir(), 'murmur-tensorflow-')), 'node_modules', '@tensorflow')
  await mkdir(scope, { recursive: true })
  for (const name of ['tfjs-core', 'tfjs-backend-cpu']) {
    const real = dirname(dirname(fileURLToPath(import.meta.resolve(`@tensorflow/${name}`))))
    await symlink(real, join(scope, name))
  }
  for (const [name, source] of Object.entries(packages)) {
    await mkdir(join(scope, name, 'dist'), { recursive: true })
    await writeFile(join(scope, name, 'package.json'), JSON.stringify({ name, main: 'dist/index.js' }))
    await writeFile(join(scope, name, 'dist', 'index.js'), source)
  }
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const name = /^@tensorflow\/(tfjs-node(?:-gpu)?)$/.exec(specifier)?.[1]
      if (!name) return next(specifier, context)
      if (!(name in packages))
        throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' })
      return {
        url: pathToFileURL(join(scope, name, 'dist', 'index.js')).href,
        format: 'commonjs' as const,
        shortCircuit: true,
      }
    },
  })
  t.teardown(async () => {
    hooks.deregister()
    if (tf.engine().findBackendFactory('tensorflow')) tf.removeBackend('tensorflow')
    for (const { kernelName } of tf.getKernelsForBackend('tensorflow')) tf.unregisterKernel(kernelName, 'tensorflow')
    await rm(dirname(dirname(scope)), { recursive: true })
  })
}

// tfjs has one registry of backends for the process: these tests must not overlap.
test.before(async () => {
  await eagerEngine('javascript')
  tf.setBackend('cpu')
})

test.serial('without a package the error names both', async t => {
  await install(t, {})
  const error = await t.throwsAsync(loadTensorflow(), { instanceOf: MurmurError })
  t.is(error.code, 'BACKEND_UNAVAILABLE')
  t.regex(error.message, /tfjs-node-gpu: not installed; @tensorflow\/tfjs-node: not installed/)
})

test.serial('tfjs-node-gpu is preferred and trains, with the functions of util that it needs', async t => {
  await install(t, { 'tfjs-node-gpu': working.replace('GPU', 'true'), 'tfjs-node': broken })
  t.false('isNullOrUndefined' in util, 'Node has it: this test proves nothing')
  const model = mlp({ inputs: 3, hidden: [4], classes: 2 })
  const layout = layoutParameters(model.parameters)
  const parameters = sharedFloats(layout.length)
  for (const i of parameters.keys()) parameters[i] = Math.sin(i)
  const batch = { inputs: Float32Array.of(1, 2, 3, -1, 0, 1), targets: Int32Array.of(0, 1) }
  const gradients: Float32Array[] = []
  for (const backend of ['javascript', 'tensorflow'] as const) {
    const memory = { layout, parameters, gradients: sharedFloats(layout.length) }
    const engine = await eagerEngine(backend)
    const graph = await engine.compileTraining(model, 2, memory)
    t.is(graph.backend, backend)
    await graph.lossAndGradients(batch)
    gradients.push(memory.gradients)
    t.is(tf.getBackend(), 'cpu', 'the active backend is what it was')
  }
  t.deepEqual(gradients[1], gradients[0])
  t.true(gradients[0]!.some(value => value !== 0))
  const name = '@tensorflow/tfjs-node-gpu'
  const { calls } = (await import(name)).default as { calls: number }
  t.true(calls > 0)
  t.deepEqual(await loadTensorflow(), { package: '@tensorflow/tfjs-node-gpu', gpu: true })
  t.false('isNullOrUndefined' in util, 'nothing is left in util')
})

test.serial('where tfjs-node-gpu does not load, tfjs-node does', async t => {
  await install(t, { 'tfjs-node-gpu': broken, 'tfjs-node': working.replace('GPU', 'false') })
  t.deepEqual(await loadTensorflow(), { package: '@tensorflow/tfjs-node', gpu: false })
  const sum = () => tf.tidy(() => tf.add(1, 2).dataSync()[0])
  tf.setBackend('tensorflow')
  t.is(sum(), 3)
  tf.setBackend('cpu')
})

test.serial('a native library that does not load is told in one line', async t => {
  await install(t, { 'tfjs-node-gpu': broken })
  const error = await t.throwsAsync(loadTensorflow(), { instanceOf: MurmurError })
  t.regex(
    error.message,
    /tfjs-node-gpu: libtensorflow\.so\.2: cannot open shared object file; @tensorflow\/tfjs-node: not/,
  )
  t.is(tf.getBackend(), 'cpu')
  t.is(tf.getKernelsForBackend('tensorflow').length, 0)
})
