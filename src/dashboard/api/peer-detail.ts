import type { EdgeState, ExchangeTally, PeerState, StalenessDistribution } from './state.ts'

/** `GET /api/peer?id=<id>&at=<ms>`: all there is to know of one peer. 404 if nobody told of it by then. */
export interface PeerDetail {
  time: number
  peer: PeerState
  edges: readonly EdgeState[]
  /** Training loss over all its steps as at most 128 means of `stride` steps each. */
  lossCurve: { means: readonly (number | null)[]; stride: number }
  learningRate: number | null
  gradientNorm: number | null
  /** Milliseconds of the latest step. */
  stepMs: number | null
  validation: { first: number; best: number; last: number; metrics: Readonly<Record<string, number>> } | null
  staleness: StalenessDistribution
  /** Exchanges that others began with it. */
  answered: ExchangeTally
  checkpoint: { step: number; path: string; bytes: number } | null
  warnings: Readonly<Record<string, number>>
  addresses: readonly string[]
}
