import { engine, type KernelBackend } from '@tensorflow/tfjs-core'

/** Loads tfjs's backend in plain JavaScript. */
export async function loadJavascript(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu')
  // Or it prints an advertisement of tfjs-node the first time it is used.
  const backend = engine().findBackend('cpu') as KernelBackend & { firstUse: boolean }
  backend.firstUse = false
}
