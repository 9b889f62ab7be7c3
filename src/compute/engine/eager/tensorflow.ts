import {
  engine,
  getKernelsForBackend,
  type KernelBackend,
  removeBackend,
  unregisterKernel,
} from '@tensorflow/tfjs-core'
import { MurmurError } from '../../../core/errors.ts'
import { withLegacyUtil } from './legacy-util.ts'
import { tensorflowPackages } from './packages.ts'

export interface LoadedTensorflow {
  package: (typeof tensorflowPackages)[number]
  /** It computes on a GPU; tfjs-node-gpu runs on the CPU where it finds none. */
  gpu: boolean
}

/**
 * Loads the first of the packages that is installed and whose native library loads here. tfjs's active backend stays
 * what it was.
 * @throws MurmurError `BACKEND_UNAVAILABLE`, with what went wrong with each
 */
export async function loadTensorflow(): Promise<LoadedTensorflow> {
  const faults: string[] = []
  for (const name of tensorflowPackages) {
    try {
      await load(name)
      const backend = engine().findBackend('tensorflow') as (KernelBackend & { isUsingGpuDevice?: boolean }) | null
      if (!backend) throw new Error('it registered no backend')
      return { package: name, gpu: backend.isUsingGpuDevice === true }
    } catch (error) {
      forget()
      faults.push(`${name}: ${isAbsent(error, name) ? 'not installed' : firstLine(error)}`)
    }
  }
  throw new MurmurError({
    code: 'BACKEND_UNAVAILABLE',
    message: `TensorFlow does not load here (${faults.join('; ')}): see \`murmur doctor\``,
    details: { backend: 'tensorflow' },
  })
}

/** The packages make their backend the active one while they load. */
async function load(name: string): Promise<void> {
  const state = engine()
  const previous = state.backendName
  try {
    await withLegacyUtil(() => import(name))
  } finally {
    if (previous && state.backendName !== previous) void state.setBackend(previous)
  }
}

/** Removes what a package registered before it failed, so that the next finds the place free. */
function forget(): void {
  for (const { kernelName } of getKernelsForBackend('tensorflow')) unregisterKernel(kernelName, 'tensorflow')
  if (engine().findBackendFactory('tensorflow')) removeBackend('tensorflow')
}

function isAbsent(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`)
}

const firstLine = (error: unknown): string => (error as Error).message.trim().split('\n')[0]!
