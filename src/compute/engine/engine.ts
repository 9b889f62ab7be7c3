import type { Tensor } from '@tensorflow/tfjs-core'
import type { ParameterLayout } from '../../core/layout.ts'
import type { InputSpec, Model, NamedTensors } from '../models/model.ts'
import type { Measurement } from './measurement.ts'

/** Execution providers of onnxruntime, which run the traced graph. */
export const tracedBackends = ['cpu', 'webgpu', 'cuda'] as const
export type TracedBackend = (typeof tracedBackends)[number]

/** Backends of tfjs, which run the model operation by operation; best first. */
export const eagerBackends = ['tensorflow', 'wasm', 'javascript'] as const
export type EagerBackend = (typeof eagerBackends)[number]

export type BackendName = TracedBackend | EagerBackend

/** What can be asked for: `auto` is the best that works on this machine. */
export const backendChoices = ['auto', ...tracedBackends, ...eagerBackends] as const
export type BackendChoice = (typeof backendChoices)[number]

export const isEager = (name: BackendName): name is EagerBackend => (eagerBackends as readonly string[]).includes(name)

export interface EngineInit {
  /** @default 'cpu' */
  backend?: TracedBackend
  /** Threads inside one operation. Must be >= 1. @default 1 */
  threads?: number
  /** @default 'float32' */
  precision?: Precision
}

/** `mixed`: products in float16, the rest in float32. */
export const precisions = ['float32', 'mixed'] as const
export type Precision = (typeof precisions)[number]

/** One batch: flat arrays named and ordered as the model's `inputs` say. */
export type Batch = Readonly<Record<string, Int32Array | Float32Array>>

/**
 * A model compiled for one batch size over given memory. `parameters` is read and `gradients` written in place: both
 * are flat views in the layout's order, over SharedArrayBuffers, fed to and fetched from the runtime without a copy.
 */
export interface TrainingGraph {
  /** What runs it: another backend than the engine's if that could not run this model. */
  readonly backend: BackendName
  readonly threads: number
  /** What its intermediate values need at the least; undefined where it runs operation by operation. */
  readonly activationBytes: number | undefined
  /** Forward and backward. Returns the loss; `gradients` then hold d loss / d parameters. */
  lossAndGradients(batch: Batch, init?: GradientInit): Promise<number>
  /** What the model's `evaluate` measures, loss and metrics from one run. Forward only, and nothing is dropped. */
  evaluate(batch: Batch): Promise<Measurement>
  /** Frees what it holds, native sessions above all. */
  release(): Promise<void>
}

export interface GradientInit {
  /**
   * Of the masks of dropout, an integer: the same seed gives the same masks.
   * @default 0
   */
  seed?: number
  /**
   * Factor of the loss on the way back, where that is computed in float16; what comes out is the same but for rounding.
   * @default 1
   */
  lossScale?: number
}

export interface TrainingMemory {
  layout: ParameterLayout
  parameters: Float32Array<SharedArrayBuffer>
  gradients: Float32Array<SharedArrayBuffer>
}

/** A compiled pure function of parameters and inputs, for evaluation and generation. */
export interface InferenceGraph {
  /** Returns each output as a fresh flat array. */
  run(batch: Batch): Promise<Float32Array[]>
  release(): Promise<void>
}

export interface Engine {
  readonly backend: BackendName
  readonly threads: number
  readonly precision: Precision
  /** @throws MurmurError `KERNEL_UNSUPPORTED` naming the kernel, `BACKEND_UNAVAILABLE` */
  compileTraining(model: Model, batchSize: number, memory: TrainingMemory): Promise<TrainingGraph>
  /** `forward` maps parameters and inputs to a tensor, as plain tfjs code. */
  compileInference(
    forward: (parameters: NamedTensors, batch: NamedTensors) => Tensor,
    inputs: readonly InputSpec[],
    memory: { layout: ParameterLayout; parameters: Float32Array<SharedArrayBuffer> },
  ): Promise<InferenceGraph>
}
