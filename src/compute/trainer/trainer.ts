import type { ParameterLayout } from '../../core/layout.ts'
import type { GradientReducer, ParameterHost } from '../../core/parameters.ts'
import type { RandomState } from '../../core/random.ts'
import type { Measurement } from '../engine/measurement.ts'
import type { ReplicaVectors } from '../replica/replica.ts'

/**
 * The step loop, the one writer of a peer's parameters. Everything but a step happens between two steps, in the order
 * it was asked for. The same interface stands in this thread (`local-trainer.ts`) and in a worker (`worker-trainer.ts`).
 */
export interface Trainer extends ParameterHost {
  readonly layout: ParameterLayout
  readonly description: TrainerDescription
  /**
   * Trains until `until` local steps are finished in all or the signal fires; resolves at a step boundary.
   * `onStep` is called after every step, in order.
   * @throws MurmurError `USAGE` if gradients are to be reduced that lie in a device's memory
   */
  run(
    until: number,
    onStep: (report: StepReport) => void,
    signal: AbortSignal,
    reduceGradient?: GradientReducer,
  ): Promise<void>
  /**
   * Mean loss and metrics of the present parameters over the validation batches, between two steps; the signal is looked at after
   * every batch.
   */
  evaluate(signal?: AbortSignal): Promise<Evaluation>
  /** A consistent copy of everything a restart needs. The arrays are valid until the next `save`. */
  save(): Promise<TrainerState>
  /** Continues from a saved state, of this layout. Not while running. */
  restore(state: TrainerState): Promise<void>
  /**
   * Takes over parameters fetched from the swarm, at the swarm's step; the optimizer starts afresh.
   * Not while running.
   */
  adopt(parameters: Float32Array, step: number): Promise<void>
  /** Frees the native sessions and ends the worker. Idempotent. */
  close(): Promise<void>
}

export interface TrainerDescription {
  backend: string
  threads: number
  /** One line on the data: files, bytes, partition. */
  data: string
  /** Predicted symbols per step. */
  tokensPerStep: number
  /** Bytes of text for each predicted symbol of the validation set; undefined where the data is no text. */
  bytesPerToken?: number
}

export interface StepReport {
  /** Local steps finished. */
  step: number
  /** Mean loss of the batch, nats per token. */
  loss: number
  learningRate: number
  /** Euclidean norm of the gradient before clipping. */
  gradientNorm: number
  /** Milliseconds of this step: batch, forward, backward, update; not those for which it waited for the swarm's gradient. */
  stepMs: number
  /** Milliseconds since the previous step ended, or since `run` was first called. */
  wallMs: number
}

/** Means over the validation batches; the loss is in nats per token. */
export interface Evaluation extends Measurement {
  step: number
  tokens: number
}

export interface TrainerState extends ReplicaVectors {
  step: number
  /** Updates since the optimizer's state was zero. */
  optimizerAge: number
  /** Where the batch source stands. */
  batches: RandomState
}
