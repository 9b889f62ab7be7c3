import type { ExchangeFailure, StateEvent } from '../../core/telemetry.ts'
import type { Alert } from './alert.ts'

/** `GET /api/state?at=<ms>`: the swarm at one moment; without `at`, the latest. */
export interface SwarmState {
  /** The moment this is the state of. */
  time: number
  /** In the order in which they appeared; those that departed too, as far as there is room. */
  peers: readonly PeerState[]
  edges: readonly EdgeState[]
  totals: Totals
  alerts: readonly Alert[]
}

/**
 * `live`: heard of lately. `silent`: not heard of, or its partners lost it: dim it. `departed`: it said goodbye, or was
 * silent for so long that it will not come back.
 */
export type Presence = 'live' | 'silent' | 'departed'

export interface PeerState {
  id: string
  /** Short, and unique among the peers: the folder of its records, else the end of its id. */
  name: string
  /** Who told of it: its own records, its heartbeats, or only its partners. */
  known: 'events' | 'status' | 'hearsay'
  presence: Presence
  /** When it was last heard of. */
  heardAt: number
  /** Since when it is silent or departed; null while it is live. */
  missingSince: number | null
  state: StateEvent['state'] | 'joining' | 'leaving' | 'unknown'
  detail: string | null
  /** How much is done of what the detail says, in [0, 1]. */
  fraction: number | null
  /** What runs its training steps, such as `onnx-cpu`. */
  backend: string | null
  /** Names of the shards it hosts, or is known to have exchanged. */
  shards: readonly string[]
  /** Local steps finished. */
  step: number
  tokens: number
  /** Over about the last 20 steps. */
  tokensPerSecond: number | null
  /** Training loss, nats per token: mean of about the last 20 steps. */
  loss: number | null
  validationLoss: number | null
  /** Median of the last 32 exchanges that it began, in local steps. */
  staleness: number | null
  /** Root mean square difference of parameters met in its exchanges: mean of about the last 8. */
  disagreement: number | null
  /** Share of the wall time after warm-up that went into steps, in [0, 1]. */
  trainingShare: number | null
  exchanges: ExchangeTally
  bytesSent: number
  bytesReceived: number
  memory: MemoryState | null
  warnings: number
  lastWarning: string | null
}

/** Exchanges that a peer began. */
export interface ExchangeTally {
  tried: number
  ok: number
  failed: Readonly<Partial<Record<ExchangeFailure, number>>>
}

export interface MemoryState {
  /** Bytes of its process. */
  resident: number
  /** Share of the machine's or container's memory in use, in [0, 1]. */
  used: number
}

/** Two peers that exchanged, or tried to. One for each pair, `a` before `b` in the order of their ids. */
export interface EdgeState {
  a: string
  b: string
  /** Exchanges that came to pass, and that did not. */
  ok: number
  failed: number
  /** Of those begun by `a`; the rest were begun by `b`. */
  begunByA: number
  /** Both ways. */
  bytes: number
  lastAt: number
  /** Of the latest one that came to pass; null before there was any. */
  roundTripMs: number | null
  staleness: number | null
  disagreement: number | null
}

/** Of all peers together; per-peer means are over those that are live. */
export interface Totals {
  live: number
  silent: number
  departed: number
  /** Most local steps that anybody finished. */
  step: number
  /** Local steps of the whole run, if the specification is known. */
  totalSteps: number | null
  tokens: number
  tokensPerSecond: number
  /** Means over the peers. */
  loss: number | null
  validationLoss: number | null
  trainingShare: number | null
  /**
   * Root mean square distance of the peers' parameters to their mean, estimated from the latest disagreement d of each of
   * the n live peers: sqrt(mean(d^2) (n - 1) / (2 n)), exact in expectation for pairs drawn at random.
   */
  consensusDistance: number | null
  /** Each exchange once. */
  exchanges: ExchangeTally
  /** Of the last 32 exchanges that each peer began, the share that came to pass. */
  recentSuccess: number | null
  staleness: StalenessDistribution
  bytesSent: number
  bytesPerToken: number | null
  warnings: number
}

/** Of all exchanges that came to pass, in the initiator's local steps. */
export interface StalenessDistribution {
  p50: number
  p95: number
  max: number
  /** Contiguous; `to` is included. At most 32. */
  bins: readonly { from: number; to: number; count: number }[]
}
