import type { ExchangeFailure } from '../../core/telemetry.ts'

/** One averaging exchange: a pulse on the edge of its pair. Told once, by its initiator where that one is heard. */
export interface Exchange {
  /** The same on both sides. */
  id: string
  /** When it ended; it began `ms` earlier. */
  time: number
  /** Who began it, and whom it asked. */
  from: string
  to: string
  shard: string
  outcome: 'ok' | ExchangeFailure
  /** Milliseconds from start to end. */
  ms: number
  /** Both ways. */
  bytes: number
  /** Local steps made meanwhile by who tells of it. */
  staleness: number | null
  /** Root mean square difference of the shard's parameters. */
  disagreement: number | null
}

/** `GET /api/exchanges?from=<ms>&to=<ms>&limit=<n>`: those that ended in (from, to], oldest first. */
export interface ExchangePage {
  from: number
  to: number
  exchanges: readonly Exchange[]
  /** How many more there were: the newest are kept. */
  omitted: number
}
