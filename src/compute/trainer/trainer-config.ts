import type { DataConfig } from '../data/source.ts'
import type { BackendChoice, Precision } from '../engine/engine.ts'
import { locateModule } from '../models/load-module.ts'
import type { ModelConfig } from '../models/registry.ts'
import type { OptimizerConfig } from '../optim/registry.ts'
import type { ScheduleConfig } from '../optim/schedule.ts'

/** Everything a trainer is made of, as plain data that can be sent to its thread. */
export interface TrainerConfig {
  model: ModelConfig
  data: DataConfig
  optimizer: OptimizerConfig
  schedule: ScheduleConfig
  /** Examples in a batch. */
  batch: number
  /** Local steps in all; the schedule spans them. */
  steps: number
  /** Largest Euclidean norm of the gradient; 0 leaves it alone. */
  gradientClip: number
  /** Names the initial parameters, the data split and, with `stream`, the order of the batches. */
  seed: number
  shards: number
  /** Batches of one evaluation. */
  validationBatches: number
  /** What is this peer's own. */
  own: {
    partition: { index: number; count: number }
    /** Tells apart peers that share a partition. @default the partition's index */
    stream?: string
    /** What relative data paths are relative to. */
    directory: string
    /** Where text is kept once it is tokenised. */
    cache: string
    /** Where a model that is a module is: absolute. @default the specification's path, in `directory` */
    model?: string
    compute: ComputeInit
  }
}

/** How a peer computes: a matter of its hardware, which leaves the run what it is. */
export interface ComputeInit {
  /** `auto` is the best that works here. @default 'cpu' */
  backend?: BackendChoice
  /** Threads inside one operation. Must be >= 1. */
  threads: number
  /**
   * Parts in which a batch's gradient is computed, one after the other: as much less memory for activations. Must divide `batch`.
   * @default 1
   */
  microBatches?: number
  /** Of traced graphs. @default 'float32' */
  precision?: Precision
  /** Throws where another backend would take over. @default false */
  strict?: boolean
}

/** The file of a model that is a module; empty for others. */
export function modelFile({ model, own }: TrainerConfig): string {
  return own.model ?? (model.kind === 'module' ? locateModule(model.module, own.directory) : '')
}
