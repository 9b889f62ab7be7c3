import type { Arena } from '../../core/arena.ts'
import { MurmurError } from '../../core/errors.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import { eagerEngine } from '../engine/eager/eager-engine.ts'
import { type BackendName, isEager, type Precision } from '../engine/engine.ts'
import { onnxEngine } from '../engine/onnx-engine.ts'
import type { Model } from '../models/model.ts'
import { createOptimizer, type OptimizerConfig } from '../optim/registry.ts'
import { deviceReplica } from './device-replica.ts'
import { hostReplica } from './host-replica.ts'
import type { Replica } from './replica.ts'

export interface OpenReplicaInit {
  model: Model
  layout: ParameterLayout
  /** The initial ones, in the arena. */
  parameters: Float32Array<SharedArrayBuffer>
  arena: Arena
  /** Examples in a batch. */
  batchSize: number
  /** Parts in which a batch's gradient is computed, one after the other. Must divide `batchSize`. */
  microBatches: number
  optimizer: OptimizerConfig
  /** Largest Euclidean norm of the gradient; 0 leaves it alone. */
  gradientClip: number
  /** Of traced graphs; tfjs's own backends compute in float32. */
  precision: Precision
  /** Threads inside one operation. Must be >= 1. */
  threads: number
}

/** onnxruntime's CPU provider takes the casts to float16 away, and TensorFlow.js has no such type. */
const halfBackends: ReadonlySet<BackendName> = new Set(['webgpu', 'cuda'])

/**
 * A replica on a backend: in the device's memory where ONNX Runtime lets tensors stay there (`webgpu`), in this machine's
 * otherwise.
 * @throws MurmurError `KERNEL_UNSUPPORTED`, `BACKEND_UNAVAILABLE`, `USAGE`
 */
export async function openReplica(backend: BackendName, init: OpenReplicaInit): Promise<Replica> {
  if (init.precision === 'mixed' && !halfBackends.has(backend)) {
    throw new MurmurError({
      code: 'USAGE',
      message: `Expected a backend with products in float16 for mixed precision (${[...halfBackends].join(', ')}), got ${backend}`,
      details: { backend, precision: init.precision },
    })
  }
  if (backend === 'webgpu') return await deviceReplica(backend, init.parameters, init)
  const { model, layout, parameters, arena, batchSize, microBatches, gradientClip, threads } = init
  const engine = isEager(backend)
    ? await eagerEngine(backend)
    : onnxEngine({ backend, threads, precision: init.precision })
  const memory = { layout, parameters, gradients: arena.floats(layout.length) }
  const graph = await engine.compileTraining(model, batchSize / microBatches, memory)
  const optimizer = createOptimizer(init.optimizer, layout)
  return hostReplica({ graph, optimizer, memory, arena }, { microBatches, gradientClip, precision: engine.precision })
}
