import { MurmurError } from '../../core/errors.ts'
import type { BackendName } from './engine.ts'

/** What a backend answered when it was asked to compute something here. */
export interface BackendProbe {
  name: BackendName
  /** Its library is part of the installation. */
  installed: boolean
  /** It computed the right answer. */
  works: boolean
  /** It computes on a device that is faster than all cores of this machine. */
  accelerated: boolean
  /** One line: what was found, or why it does not work. */
  found: string
}

export interface ChosenBackend {
  backend: BackendName
  /** One line. */
  why: string
}

/**
 * What `auto` means: the first accelerator of `cuda`, `webgpu` and `tensorflow`, else the first of the others that works.
 * A software WebGPU adapter is not an accelerator, nor is TensorFlow without a GPU.
 * @param probe asked one backend after the other, no more than is needed
 * @throws MurmurError `BACKEND_UNAVAILABLE` if nothing works
 */
export async function chooseBackend(probe: (name: BackendName) => Promise<BackendProbe>): Promise<ChosenBackend> {
  for (const name of ['cuda', 'webgpu', 'tensorflow'] as const) {
    const { works, accelerated, found } = await probe(name)
    if (works && accelerated) return { backend: name, why: found }
  }
  for (const name of ['cpu', 'tensorflow', 'wasm', 'javascript'] as const) {
    const { works } = await probe(name)
    if (works) return { backend: name, why: 'no accelerator works here' }
  }
  throw new MurmurError({
    code: 'BACKEND_UNAVAILABLE',
    message: 'No backend works here: see `murmur doctor`',
    details: { backend: 'auto' },
  })
}
