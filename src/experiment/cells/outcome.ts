import type { CellRecord } from '../cell-record.ts'

/** What a cell came to, without its name and without what depends on the machine. */
export interface CellOutcome extends Pick<CellRecord, 'status' | 'reason' | 'samples'> {
  summary: Omit<CellRecord['summary'], 'wallSeconds'>
}
