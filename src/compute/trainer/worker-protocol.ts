import type { Arena, VectorLocation } from '../../core/arena.ts'
import type { ErrorData } from '../../core/errors.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import type { Stamp } from '../../core/parameters.ts'
import type { Tokenising } from '../data/token-cache.ts'
import type { BackendNotice } from '../engine/fallback.ts'
import type { Evaluation, StepReport, TrainerDescription, TrainerState } from './trainer.ts'
import type { TrainerConfig } from './trainer-config.ts'

/** What the worker starts with. */
export interface TrainerWorkerData {
  config: TrainerConfig
  /** Of the arena that both threads share. */
  memory: Arena['memory']
}

/** What a trainer's worker can be asked, and what it answers: one row per method of `Trainer`. */
export interface TrainerCalls {
  run: { request: { until: number; reducing: boolean }; reply: null }
  snapshot: { request: { offset: number; into: VectorLocation }; reply: Stamp }
  apply: { request: { offset: number; delta: VectorLocation; scale: number }; reply: Stamp }
  evaluate: { request: null; reply: Evaluation }
  save: { request: null; reply: TrainerState }
  restore: { request: TrainerState; reply: null }
  adopt: { request: { parameters: Float32Array; step: number }; reply: null }
  close: { request: null; reply: null }
}

export type TrainerMethod = keyof TrainerCalls

/** A request to the worker. Distributes over the methods, so that `method` narrows `request`. */
export type TrainerRequest<M extends TrainerMethod = TrainerMethod> = M extends TrainerMethod
  ? { id: number; method: M; request: TrainerCalls[M]['request'] }
  : never

/** Fires the signal of a request that is under way, or of the building of the trainer. */
export interface TrainerCancellation {
  cancel: number | 'building'
}

/** The gradient of a `reduce` message is that of the swarm now, or as it was. */
export interface GradientReduced {
  reduced: true
}

export type TrainerMessage =
  | { type: 'ready'; layout: ParameterLayout; description: TrainerDescription }
  | { type: 'failed'; error: ErrorData }
  | { type: 'tokenising'; progress: Tokenising }
  | { type: 'notice'; notice: BackendNotice }
  | { type: 'step'; report: StepReport }
  | { type: 'reduce'; step: number; gradient: VectorLocation }
  | { type: 'reply'; id: number; reply: TrainerCalls[TrainerMethod]['reply'] }
  | { type: 'error'; id: number; error: ErrorData }
