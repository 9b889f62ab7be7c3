import type { Alert } from '../api/alert.ts'
import type { Exchange } from '../api/exchange.ts'
import type { FeedEntry } from '../api/feed.ts'
import type { RunInfo } from '../api/run.ts'
import type { EdgeState, PeerState, SwarmState, Totals } from '../api/state.ts'
import type { Delta } from '../api/stream.ts'
import { connectionKey } from './graph/picture.ts'

/**
 * All that the page shows, at one moment. Live, replay and a moment that was sought are the same messages applied by the same
 * functions, so they end in the same model.
 */
export interface SwarmModel {
  readonly run: RunInfo | undefined
  /** Undefined before the first snapshot. */
  readonly time: number | undefined
  /** In the order in which they appeared. */
  readonly peers: ReadonlyMap<string, PeerState>
  /** By `connectionKey`. */
  readonly edges: ReadonlyMap<string, EdgeState>
  readonly totals: Totals | undefined
  readonly alerts: readonly Alert[]
  /** Newest first, bounded. */
  readonly feed: readonly FeedEntry[]
  /** The latest exchange of each connection that was seen while looking, bounded. */
  readonly latest: ReadonlyMap<string, Exchange>
}

export const emptyModel: SwarmModel = {
  run: undefined,
  time: undefined,
  peers: new Map(),
  edges: new Map(),
  totals: undefined,
  alerts: [],
  feed: [],
  latest: new Map(),
}

const MAX_FEED = 300
const MAX_LATEST = 4096

/** The whole state anew. What the feed had stays, if it is of the past of that moment. */
export function applyState(model: SwarmModel, state: SwarmState): SwarmModel {
  return {
    ...model,
    time: state.time,
    peers: new Map(state.peers.map(peer => [peer.id, peer])),
    edges: new Map(state.edges.map(edge => [connectionKey(edge.a, edge.b), edge])),
    totals: state.totals,
    alerts: state.alerts,
    feed: model.feed.filter(entry => entry.time <= state.time),
  }
}

export function applyRun(model: SwarmModel, run: RunInfo): SwarmModel {
  return { ...model, run }
}

export function applyDelta(model: SwarmModel, delta: Delta): SwarmModel {
  const peers = new Map(model.peers)
  for (const peer of delta.peers) peers.set(peer.id, peer)
  for (const id of delta.forgotten) peers.delete(id)
  const edges = new Map(model.edges)
  for (const edge of delta.edges) edges.set(connectionKey(edge.a, edge.b), edge)
  if (delta.forgotten.length > 0) {
    for (const [key, { a, b }] of edges) if (!peers.has(a) || !peers.has(b)) edges.delete(key)
  }
  const moved = { ...model, time: delta.time, peers, edges, totals: delta.totals, alerts: delta.alerts }
  return addEntries(addExchanges(moved, delta.exchanges), delta.entries)
}

export function addExchanges(model: SwarmModel, exchanges: readonly Exchange[]): SwarmModel {
  if (exchanges.length === 0) return model
  const latest = new Map(model.latest)
  for (const exchange of exchanges) {
    const key = connectionKey(exchange.from, exchange.to)
    latest.delete(key)
    latest.set(key, exchange)
  }
  for (const key of latest.keys()) {
    if (latest.size <= MAX_LATEST) break
    latest.delete(key)
  }
  return { ...model, latest }
}

/** In any order; each entry once. */
export function addEntries(model: SwarmModel, entries: readonly FeedEntry[]): SwarmModel {
  if (entries.length === 0) return model
  const known = new Set(model.feed.map(entry => entry.id))
  const fresh = entries.filter(entry => !known.has(entry.id))
  if (fresh.length === 0) return model
  const feed = [...fresh, ...model.feed].sort((a, b) => b.time - a.time).slice(0, MAX_FEED)
  return { ...model, feed }
}

/** What another moment must not inherit. */
export function forgetPassing(model: SwarmModel): SwarmModel {
  return { ...model, feed: [], latest: new Map() }
}
