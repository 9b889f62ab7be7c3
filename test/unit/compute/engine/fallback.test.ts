import test from 'ava'
import type { BackendName } from '../../../../src/compute/engine/engine.ts'
import { type BackendNotice, type BackendOrder, onFirstBackend } from '../../../../src/compute/engine/fallback.ts'
import { type ErrorCode, MurmurError } from '../../../../src/core/errors.ts'

type Faults = Partial<Record<BackendName, ErrorCode>>

const all: readonly BackendName[] = ['webgpu', 'cpu', 'tensorflow', 'wasm', 'javascript']

/** What happens when backends fail in given ways. */
async function fall(first: BackendOrder['first'], faults: Faults, strict = false) {
  const tried: BackendName[] = []
  const notices: BackendNotice[] = []
  const attempt = async (name: BackendName) => {
    tried.push(name)
    const code = faults[name]
    if (code) throw new MurmurError({ code, message: `${code} on\n${name}`, details: { kernels: ['Cube'] } })
    return name
  }
  const result = await onFirstBackend({ names: all, first }, { strict, onNotice: n => notices.push(n) }, attempt).catch(
    (error: MurmurError) => error.message,
  )
  return { result, tried, notices }
}

test('where the first backend succeeds, nothing else is tried and nothing said', async t => {
  t.deepEqual(await fall('required', {}), { result: 'webgpu', tried: ['webgpu'], notices: [] })
})

test('a kernel that cannot be traced leads past the other providers to an eager backend, with one line that names it', async t => {
  const { result, tried, notices } = await fall('required', {
    webgpu: 'KERNEL_UNSUPPORTED',
    tensorflow: 'BACKEND_UNAVAILABLE',
  })
  t.deepEqual([result, tried], ['wasm', ['webgpu', 'tensorflow', 'wasm']])
  t.is(notices.length, 1)
  t.like(notices[0], { reason: 'KERNEL_UNSUPPORTED', kernels: ['Cube'], from: 'webgpu', to: 'wasm' })
  t.is(
    notices[0]!.message,
    'KERNEL_UNSUPPORTED on webgpu; so the model runs operation by operation on wasm, which is much slower',
  )
})

test('a preferred backend that does not open gives way to the next, and every reason is told', async t => {
  const { result, tried, notices } = await fall('preferred', {
    webgpu: 'BACKEND_UNAVAILABLE',
    cpu: 'KERNEL_UNSUPPORTED',
    tensorflow: 'BACKEND_UNAVAILABLE',
    wasm: 'KERNEL_UNSUPPORTED',
  })
  t.deepEqual([result, tried], ['javascript', [...all]])
  t.deepEqual(
    notices.map(({ reason, from, to }) => [reason, from, to]),
    [
      ['BACKEND_UNAVAILABLE', 'webgpu', 'javascript'],
      ['KERNEL_UNSUPPORTED', 'cpu', 'javascript'],
      ['KERNEL_UNSUPPORTED', 'wasm', 'javascript'],
    ],
  )
})

test('a backend asked for by name must be available', async t => {
  const { result, tried, notices } = await fall('required', { webgpu: 'BACKEND_UNAVAILABLE' })
  t.deepEqual([result, tried, notices], ['BACKEND_UNAVAILABLE on\nwebgpu', ['webgpu'], []])
})

test('strict makes every fallback an error', async t => {
  for (const code of ['KERNEL_UNSUPPORTED', 'BACKEND_UNAVAILABLE'] as const) {
    const { result, tried } = await fall('preferred', { webgpu: code }, true)
    t.deepEqual([result, tried], [`${code} on\nwebgpu`, ['webgpu']])
  }
})

test('no other error makes another backend take over', async t => {
  const { result, tried } = await fall('preferred', { webgpu: 'VALUES_INVALID' })
  t.deepEqual([result, tried], ['VALUES_INVALID on\nwebgpu', ['webgpu']])
})

test('where nothing succeeds, the first error is told', async t => {
  const faults: Faults = { cpu: 'BACKEND_UNAVAILABLE', javascript: 'BACKEND_UNAVAILABLE', wasm: 'KERNEL_UNSUPPORTED' }
  const { result, notices } = await fall('preferred', {
    ...faults,
    webgpu: 'KERNEL_UNSUPPORTED',
    tensorflow: 'BACKEND_UNAVAILABLE',
  })
  t.deepEqual([result, notices], ['KERNEL_UNSUPPORTED on\nwebgpu', []])
})
