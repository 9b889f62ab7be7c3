import type { ParameterLayout } from '../../core/layout.ts'
import type { BackendName, Batch } from '../engine/engine.ts'
import type { Measurement } from '../engine/measurement.ts'

/** Copies of a replica's vectors, in the layout's order. */
export interface ReplicaVectors {
  parameters: Float32Array
  /** The vectors named in `Replica.optimizerState`. */
  optimizer: Readonly<Record<string, Float32Array>>
}

export interface UpdateInit {
  learningRate: number
  /** Updates made since the optimizer's state was zero. */
  age: number
  /** Of what is random in this step, such as the masks of dropout: an integer. */
  seed: number
  /** May change the batch's gradient before it is clipped and taken; not called for one that is not finite. */
  reduce?: (gradient: Float32Array<SharedArrayBuffer>) => Promise<void>
}

export interface UpdateReport {
  /** Mean over the batch. */
  loss: number
  /** Euclidean norm of the gradient before clipping. */
  gradientNorm: number
}

/**
 * One peer's copy of the model: parameters and optimizer state, wherever they lie, and what changes them. Calls must not
 * overlap: a trainer makes them between its steps.
 */
export interface Replica {
  /** What computes its updates. */
  readonly backend: BackendName
  /** Threads inside one operation. */
  readonly threads: number
  readonly layout: ParameterLayout
  /** Names of the optimizer's vectors. */
  readonly optimizerState: readonly string[]
  /**
   * One step of the optimizer. Where the loss or the gradient is not finite, nothing changes but the report tells.
   * @throws MurmurError `USAGE` if there is a gradient to reduce and it lies in a device's memory
   */
  update(batch: Batch, init: UpdateInit): Promise<UpdateReport>
  /** Loss and metrics of the present parameters. */
  evaluate(batch: Batch): Promise<Measurement>
  /** Copies `into.length` parameters from `offset`. */
  read(offset: number, into: Float32Array): Promise<void>
  /** Adds `scale * delta` to the parameters from `offset`. */
  add(offset: number, delta: Float32Array, scale: number): Promise<void>
  /** Copies everything. */
  save(into: ReplicaVectors): Promise<void>
  /** Takes everything over; without optimizer vectors, the optimizer starts from zero. */
  restore(parameters: Float32Array, optimizer?: Readonly<Record<string, Float32Array>>): Promise<void>
  /** Frees native sessions and device memory. */
  release(): Promise<void>
}
