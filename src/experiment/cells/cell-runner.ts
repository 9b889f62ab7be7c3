import type { Settings } from '../specification/experiment.ts'
import type { CellOutcome } from './outcome.ts'
import type { CellInit } from './run-cell.ts'

/** Computes cells, one at a time: in a thread in virtual time, or with real processes. */
export interface CellRunner {
  /** @throws MurmurError whatever keeps the cell from being run; the signal's reason */
  run(settings: Settings, cell: CellInit, init: CellRunInit): Promise<{ outcome: CellOutcome; wallSeconds: number }>
  /** Waits for what it is doing to be given up. Idempotent. */
  close(): Promise<void>
}

export interface CellRunInit {
  signal: AbortSignal
  /** A folder for what the cell itself writes, such as the run directories of its peers. */
  directory: string
  /** Told how much is done, in [0, 1]. */
  onProgress(fraction: number): void
}
