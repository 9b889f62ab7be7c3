import { env, tensor } from '@tensorflow/tfjs-core'
import { onBackend } from './active-backend.ts'

/**
 * Registers tfjs's own backend in plain JavaScript, which has every kernel. With its first tensor it advises to install
 * tfjs-node, which is not needed here: that is made in the mode in which tfjs advises nothing.
 */
export async function loadCpuBackend(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu')
  const before = env().getBool('PROD')
  env().set('PROD', true)
  try {
    onBackend('cpu', () => tensor(0).dispose())
  } finally {
    env().set('PROD', before)
  }
}
