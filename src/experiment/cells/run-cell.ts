import { MurmurError } from '../../core/errors.ts'
import type { SimulateInit } from '../simulation/simulate.ts'
import type { Settings } from '../specification/experiment.ts'
import { runMixingCell } from './mixing-cell.ts'
import type { CellOutcome } from './outcome.ts'

/** What every cell of an experiment has in common beside its settings. */
export interface CellInit {
  seed: number
  samples: number
  target?: number
  /** Virtual seconds. */
  timeLimit: number
  /** See `Scenario`. */
  ownSteps?: boolean
  names?: readonly string[]
}

/**
 * Computes a cell in this thread. A cell that cannot run, or diverges, is an outcome; what makes every cell fail, such as
 * missing data, is thrown.
 */
export async function runCell(settings: Settings, cell: CellInit, init: SimulateInit = {}): Promise<CellOutcome> {
  try {
    if (settings.mixing) return runMixingCell({ ...settings, mixing: settings.mixing, seed: cell.seed })
    const { simulate } = await import('../simulation/simulate.ts')
    const { churn, ...rest } = settings
    return await simulate({ ...rest, ...cell, ...(churn && { churn }) }, init)
  } catch (error) {
    if (!(error instanceof MurmurError) || !IMPOSSIBLE.has(error.code)) throw error
    return { status: 'failed', reason: error.message, samples: [], summary: nothing }
  }
}

/** What says that this arm cannot run so; it is reported, and the other arms go on. */
const IMPOSSIBLE: ReadonlySet<MurmurError['code']> = new Set(['TOPOLOGY_IMPOSSIBLE', 'STALLED', 'VALUES_INVALID'])

const nothing: CellOutcome['summary'] = {
  staleness: { counts: [], total: 0, max: 0 },
  idleShare: 0,
  exchanges: { tried: 0, ok: 0, failed: {} },
  bytesPerPeerPerStep: 0,
  bytesPerToken: 0,
}
