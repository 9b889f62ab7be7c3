import type { TelemetryEvent } from '../../core/telemetry.ts'
import { countStaleness, noStaleness, type StalenessCounts } from '../../peer/records/staleness.ts'
import type { CellSummary } from '../cell-record.ts'

/** What the peers of a cell tell of themselves, added up. */
export interface Ledger {
  /** Tokens trained on by all peers. */
  readonly tokens: number
  /** Local steps of all peers. */
  readonly steps: number
  record(event: TelemetryEvent): void
  /** @param upMs milliseconds for which peers were up, all added up */
  summary(upMs: number): Pick<CellSummary, 'staleness' | 'idleShare' | 'exchanges'>
}

/** @param tokensPerStep predicted symbols of one step */
export function ledger(tokensPerStep: number): Ledger {
  return new Totals(tokensPerStep)
}

class Totals implements Ledger {
  steps = 0
  readonly #tokensPerStep: number
  #computing = 0
  #staleness: StalenessCounts = noStaleness
  readonly #exchanges = { tried: 0, ok: 0, failed: {} as Record<string, number> }

  constructor(tokensPerStep: number) {
    this.#tokensPerStep = tokensPerStep
  }

  get tokens(): number {
    return this.steps * this.#tokensPerStep
  }

  record(event: TelemetryEvent): void {
    if (event.type === 'step') {
      this.steps += 1
      this.#computing += event.stepMs
    } else if (event.type === 'exchange' && event.role === 'initiator') {
      const { failed } = this.#exchanges
      this.#exchanges.tried += 1
      if (event.outcome === 'ok') {
        this.#exchanges.ok += 1
        this.#staleness = countStaleness(this.#staleness, event.staleness)
      } else failed[event.outcome] = (failed[event.outcome] ?? 0) + 1
    }
  }

  summary(upMs: number): Pick<CellSummary, 'staleness' | 'idleShare' | 'exchanges'> {
    const { counts, total, max } = this.#staleness
    return {
      staleness: { counts: [...counts], total, max },
      idleShare: upMs > 0 ? Math.min(1, Math.max(0, 1 - this.#computing / upMs)) : 0,
      exchanges: this.#exchanges,
    }
  }
}
