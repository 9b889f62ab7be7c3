import type { RandomState } from '../../core/random.ts'
import type { Batch } from '../engine/engine.ts'

/** An endless, seeded stream of training batches; where it stands can be saved and restored bit by bit. */
export interface BatchSource {
  /** The next batch. The arrays are reused by the call after it. */
  next(): Batch
  save(): RandomState
  restore(state: RandomState): void
  close(): void
}
