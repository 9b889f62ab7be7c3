import type { ErrorData } from '../../core/errors.ts'
import type { Settings } from '../specification/experiment.ts'
import type { CellOutcome } from './outcome.ts'
import type { CellInit } from './run-cell.ts'

/** What a cell's thread is asked. */
export type CellRequest = { type: 'run'; settings: Settings; cell: CellInit } | { type: 'cancel' }

/** What it answers: any number of `progress`, then one of the others. */
export type CellAnswer =
  | { type: 'progress'; fraction: number }
  | { type: 'outcome'; outcome: CellOutcome; wallSeconds: number }
  | { type: 'error'; error: ErrorData }
