import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { BackendProbe } from './choose-backend.ts'
import { isInstalled, tensorflowPackages } from './eager/packages.ts'
import { type BackendName, eagerBackends, tracedBackends } from './engine.ts'
import { inChild, type ProbeInit } from './probe-child.ts'

const DEADLINE_MS = 20_000

/** Every backend, tried at once. */
export async function probeBackends(init: ProbeInit = {}): Promise<BackendProbe[]> {
  return await Promise.all([...tracedBackends, ...eagerBackends].map(name => probeBackend(name, init)))
}

/**
 * Computes something small on a backend, in a process of its own: a provider without its device can take the process
 * down or hang. What is not installed is not tried.
 */
export async function probeBackend(name: BackendName, init: ProbeInit = {}): Promise<BackendProbe> {
  const missing = missingLibrary(name)
  if (missing) return { name, installed: false, works: false, accelerated: false, found: missing }
  const answer = await inChild(name, DEADLINE_MS, init)
  return 'reason' in answer
    ? { name, installed: true, works: false, accelerated: false, found: answer.reason }
    : { name, installed: true, works: true, ...answer.value }
}

/** What is not there and would have to be; undefined if all is. */
function missingLibrary(name: BackendName): string | undefined {
  switch (name) {
    case 'cpu':
    case 'webgpu':
      return isInstalled('onnxruntime-node') ? undefined : 'onnxruntime-node is not installed'
    case 'cuda':
      return hasCudaProvider() ? undefined : "onnxruntime's CUDA provider is not installed"
    case 'tensorflow':
      return tensorflowPackages.some(isInstalled) ? undefined : 'neither tfjs-node-gpu nor tfjs-node is installed'
    case 'wasm':
      return isInstalled('@tensorflow/tfjs-backend-wasm') ? undefined : 'tfjs-backend-wasm is not installed'
    case 'javascript':
      return undefined
  }
}

/** Its library is not part of the npm package: it is added to it. */
function hasCudaProvider(): boolean {
  if (!isInstalled('onnxruntime-node')) return false
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const files = readdirSync(join(root, 'bin'), { recursive: true, encoding: 'utf8' })
  const here = join(process.platform, process.arch)
  return files.some(file => file.includes(here) && basename(file).includes('onnxruntime_providers_cuda.'))
}
