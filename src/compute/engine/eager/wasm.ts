import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { engine, type KernelBackend, registerBackend, removeBackend } from '@tensorflow/tfjs-core'
import { bridgeKernels } from './bridge-kernels.ts'
import { loadJavascript } from './javascript.ts'
import { hastenKernels } from './wasm-speed.ts'

let loading: Promise<void> | undefined

/**
 * Loads tfjs's WebAssembly backend once in this thread, with SIMD and one thread, and with the kernels that it lacks or has wrong
 * taken from the CPU backend.
 */
export function loadWasm(): Promise<void> {
  loading ??= load()
  return loading
}

async function load(): Promise<void> {
  await loadJavascript()
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
  const require = createRequire(import.meta.url)
  setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep)
  const entry = engine().registryFactory.wasm
  if (!entry) throw new Error('@tensorflow/tfjs-backend-wasm registered no backend')
  const backend = await withoutListeners(async () => await (entry.factory() as Promise<KernelBackend>))
  // Registered anew, with the instance: tfjs switches at once to a backend whose factory is synchronous, where an
  // asynchronous one would be the active backend, and unusable, until it is there.
  removeBackend('wasm')
  registerBackend('wasm', () => backend)
  bridgeKernels()
  hastenKernels()
}

/** Emscripten adds its own handlers for what nobody caught, which would decide how this process ends. */
async function withoutListeners<T>(task: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map(event => new Set<unknown>(process.listeners(event as 'uncaughtException')))
  const result = await task()
  for (const [i, event] of events.entries()) {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before[i]!.has(listener)) process.off(event, listener)
    }
  }
  return result
}
