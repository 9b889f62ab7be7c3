import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { MurmurError } from '../../core/errors.ts'
import type { TracedBackend } from './engine.ts'
import { sizeOf } from './graph.ts'

export type Runtime = typeof import('onnxruntime-node')

export interface NativeSessionInit {
  /** The execution provider. */
  provider: TracedBackend
  /** Threads inside one operation, of the CPU. */
  threads: number
  /** Outputs that stay on the device. @default [] */
  resident?: readonly string[]
}

/** onnxruntime's native library. @throws MurmurError `BACKEND_UNAVAILABLE` if it does not load */
export async function loadRuntime(): Promise<Runtime> {
  try {
    const module = await import('onnxruntime-node')
    const runtime = 'default' in module ? (module.default as Runtime) : module
    runtime.env.logLevel = 'fatal' // what fails is thrown, and told once
    return runtime
  } catch (cause) {
    throw new MurmurError({
      code: 'BACKEND_UNAVAILABLE',
      message: `onnxruntime-node does not load (${(cause as Error).message}): run \`npm ci\` again on this machine, and \`murmur doctor\` to see what it needs`,
      details: { backend: 'cpu' },
      cause,
    })
  }
}

/** @throws MurmurError `BACKEND_UNAVAILABLE` if the provider has no library or no device here */
export async function openNativeSession(
  runtime: Runtime,
  model: Uint8Array,
  { provider, threads, resident = [] }: NativeSessionInit,
): Promise<InferenceSession> {
  const location = provider === 'webgpu' ? 'gpu-buffer' : 'cpu'
  try {
    return await runtime.InferenceSession.create(model, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      // A plan of all buffers is made in a first run and then laid out beside that run's own: twice the activations.
      enableMemPattern: false,
      preferredOutputLocation: Object.fromEntries(resident.map(name => [name, location])),
      // Threads that wait for the next step leave the cores to the network and to other peers.
      extra: { session: { force_spinning_stop: '1' } },
    })
  } catch (cause) {
    // A graph that the CPU provider refuses is the engine's own fault; others need a device and its libraries.
    if (provider === 'cpu') throw cause
    throw new MurmurError({
      code: 'BACKEND_UNAVAILABLE',
      message: `onnxruntime's ${provider} provider does not work here (${innermost((cause as Error).message)}): see \`murmur doctor\``,
      details: { backend: provider },
      cause,
    })
  }
}

/** onnxruntime puts a C++ location and the failed condition in front of what went wrong. */
const innermost = (message: string): string => message.replace(/^.*? was false\. /s, '').split('\n')[0]!

/** A tensor over given memory, not a copy of it. @param name of the graph's input or output, for the error */
export function hostTensor(
  runtime: Runtime,
  name: string,
  memory: Float32Array | Int32Array,
  shape: readonly number[],
): Tensor {
  if (memory.length !== sizeOf(shape)) {
    throw new TypeError(`Expected \`${name}\` to have ${sizeOf(shape)} elements for [${shape}], got ${memory.length}`)
  }
  return memory instanceof Int32Array
    ? new runtime.Tensor('int32', memory, shape)
    : new runtime.Tensor('float32', memory, shape)
}
