import type { Alert } from './alert.ts'
import type { Exchange } from './exchange.ts'
import type { FeedEntry } from './feed.ts'
import type { RunInfo } from './run.ts'
import type { EdgeState, PeerState, SwarmState, Totals } from './state.ts'

/**
 * `GET /api/stream`: server-sent events. Without parameters it follows the live end. With `?at=<ms>&speed=<x>` it plays
 * from that moment, x times as fast as it happened, until the end (`end`; a live run goes over into following). To seek, pause or change the speed: open another
 * stream. Live and replay send the same messages.
 *
 * Each event's `id` is the moment up to which it tells; a browser that reconnects sends it as `Last-Event-ID` and gets a
 * new `snapshot`, whose `missed` has what happened since.
 */
export interface StreamEvents {
  /** First of all, and after each reconnection. */
  snapshot: {
    run: RunInfo
    state: SwarmState
    missed: { exchanges: readonly Exchange[]; entries: readonly FeedEntry[] }
  }
  /** About four times a second while there is something to tell. */
  delta: Delta
  /** When the run's information changed: its range, its sources, how much of it is indexed. */
  run: RunInfo
  /** A replay has reached the end. The server closes the stream; the browser must close it too, or it reconnects. */
  end: { time: number }
}

export interface Delta {
  /** What this tells is complete up to here: the time to show. */
  time: number
  /** New and changed ones, whole. */
  peers: readonly PeerState[]
  edges: readonly EdgeState[]
  /** Forgotten for lack of room, by id. */
  forgotten: readonly string[]
  /** Since the delta before, at most 256; the oldest are left out. */
  exchanges: readonly Exchange[]
  exchangesOmitted: number
  entries: readonly FeedEntry[]
  totals: Totals
  /** All that stand. */
  alerts: readonly Alert[]
}

/** Every error's body: `{"error": ...}` with a 4xx or 5xx status. */
export interface ApiError {
  error: { code: string; message: string }
}
