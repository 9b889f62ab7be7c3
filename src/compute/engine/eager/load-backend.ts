import { availableParallelism } from 'node:os'
import { MurmurError } from '../../../core/errors.ts'
import type { EagerBackend } from '../engine.ts'

/** A backend that tfjs can switch to at once, in this thread. */
export interface LoadedBackend {
  /** tfjs's own name for it. */
  registered: string
  threads: number
  /** What it computes on, where that can be one or the other. */
  device?: 'gpu' | 'cpu'
}

const loaders: Readonly<Record<EagerBackend, () => Promise<LoadedBackend>>> = {
  async tensorflow() {
    const { loadTensorflow } = await import('./tensorflow.ts')
    const { gpu } = await loadTensorflow()
    // TensorFlow's own pool; tfjs has no setting for it.
    return { registered: 'tensorflow', threads: availableParallelism(), device: gpu ? 'gpu' : 'cpu' }
  },
  async wasm() {
    const { loadWasm } = await import('./wasm.ts')
    await loadWasm()
    return { registered: 'wasm', threads: 1 }
  },
  async javascript() {
    const { loadJavascript } = await import('./javascript.ts')
    await loadJavascript()
    return { registered: 'cpu', threads: 1 }
  },
}

/** @throws MurmurError `BACKEND_UNAVAILABLE` */
export async function loadBackend(backend: EagerBackend): Promise<LoadedBackend> {
  try {
    return await loaders[backend]()
  } catch (cause) {
    if (cause instanceof MurmurError) throw cause
    throw new MurmurError({
      code: 'BACKEND_UNAVAILABLE',
      message: `tfjs's ${backend} backend does not load (${(cause as Error).message.split('\n')[0]}): see \`murmur doctor\``,
      details: { backend },
      cause,
    })
  }
}
