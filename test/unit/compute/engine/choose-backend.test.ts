import test from 'ava'
import { chooseBackend } from '../../../../src/compute/engine/choose-backend.ts'
import type { BackendName } from '../../../../src/compute/engine/engine.ts'
import { MurmurError } from '../../../../src/core/errors.ts'

/** The choice on a machine where some backends work, and some of those are accelerators. */
async function choose(works: readonly BackendName[], accelerated: readonly BackendName[] = []) {
  const asked: BackendName[] = []
  const { backend, why } = await chooseBackend(async name => {
    asked.push(name)
    const found = `${name} was tried`
    return { name, installed: true, works: works.includes(name), accelerated: accelerated.includes(name), found }
  })
  return { backend, why, asked }
}

const everything: readonly BackendName[] = ['cpu', 'webgpu', 'cuda', 'tensorflow', 'wasm', 'javascript']

test('the first accelerator is chosen, and what comes after it is not tried', async t => {
  t.deepEqual(await choose(everything, ['cuda', 'webgpu', 'tensorflow']), {
    backend: 'cuda',
    why: 'cuda was tried',
    asked: ['cuda'],
  })
  t.is((await choose(everything, ['webgpu', 'tensorflow'])).backend, 'webgpu')
  t.is((await choose(everything, ['tensorflow'])).backend, 'tensorflow')
})

test('WebGPU in software and TensorFlow without a GPU do not come before the cpu', async t => {
  t.is((await choose(everything)).backend, 'cpu')
})

test('where onnxruntime does not work, the best backend of tfjs is chosen', async t => {
  t.is((await choose(['tensorflow', 'wasm', 'javascript'])).backend, 'tensorflow')
  t.is((await choose(['wasm', 'javascript'])).backend, 'wasm')
  t.is((await choose(['javascript'])).backend, 'javascript')
})

test('what is accelerated and does not work is not chosen', async t => {
  t.is((await choose(['cpu'], ['cuda'])).backend, 'cpu')
})

test('where nothing works, that is the error', async t => {
  const error = await t.throwsAsync(choose([]), { instanceOf: MurmurError })
  t.is(error.code, 'BACKEND_UNAVAILABLE')
})
