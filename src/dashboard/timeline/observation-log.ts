import type { Observation } from './observation.ts'

/**
 * Where observations can be read again, in the order in which they were added to the timeline: that of their times, as
 * far as they were there in time.
 */
export interface ObservationLog<Position> {
  /** Before the first one that is still held. */
  readonly begin: Position
  /** Whether nothing was let go so far. */
  readonly whole: boolean
  /** Whether what comes after the position is still held. */
  holds(position: Position): boolean
  /** From a position on, those up to a time, in batches. */
  read(from: Position, until: number, signal: AbortSignal): AsyncGenerator<ReadBatch<Position>>
}

export interface ReadBatch<Position> {
  observations: readonly Observation[]
  /** After the last of them. */
  position: Position
}
