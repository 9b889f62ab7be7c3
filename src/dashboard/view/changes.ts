import type { Exchange } from '../api/exchange.ts'
import type { FeedEntry } from '../api/feed.ts'
import type { PeerState } from '../api/state.ts'
import type { Delta } from '../api/stream.ts'
import { edgeState } from '../timeline/edge-record.ts'
import { type Ring, ring } from '../timeline/ring.ts'
import type { Swarm } from '../timeline/swarm.ts'
import type { Follower } from '../timeline/timeline.ts'
import { raiseAlerts } from './alerts.ts'
import { peerState } from './peer-state.ts'
import { presenceAt } from './presence.ts'
import type { SwarmViewContext } from './swarm-state.ts'
import { swarmTotals } from './totals.ts'

/** Gathers what changes in a swarm, to tell it in one piece. Bounded however much changes. */
export interface Changes extends Follower {
  /** What changed since the last call; the first call tells of every peer. */
  take(swarm: Swarm, at: number, context: SwarmViewContext): Delta
}

/** More than all that can be kept. */
const MAX_FORGOTTEN = 65_536

const MAX_EXCHANGES = 256
const MAX_ENTRIES = 256

export function changes(): Changes {
  return new Gathered()
}

/** Whether a delta tells of anything but the time. */
export function tellsAnything({ peers, edges, forgotten, exchanges, entries }: Delta): boolean {
  return peers.length + edges.length + forgotten.length + exchanges.length + entries.length > 0
}

class Gathered implements Changes {
  readonly #states = new Map<string, PeerState>()
  #peers = new Set<string>()
  #edges = new Set<string>()
  #forgotten = new Set<string>()
  #exchanges: Ring<Exchange> = ring(MAX_EXCHANGES)
  #entries: Ring<FeedEntry> = ring(MAX_ENTRIES)

  peer(id: string): void {
    this.#peers.add(id)
    this.#forgotten.delete(id)
  }

  edge(id: string): void {
    this.#edges.add(id)
    this.#forgotten.delete(id)
  }

  forgotten(id: string): void {
    this.#peers.delete(id)
    this.#edges.delete(id)
    this.#states.delete(id)
    if (this.#forgotten.size < MAX_FORGOTTEN) this.#forgotten.add(id)
  }

  exchange(exchange: Exchange): void {
    this.#exchanges.push(exchange)
  }

  entry(entry: FeedEntry): void {
    this.#entries.push(entry)
  }

  take(swarm: Swarm, at: number, context: SwarmViewContext): Delta {
    const peers: PeerState[] = []
    for (const record of swarm.peers.values()) {
      const before = this.#states.get(record.id)
      if (before && !this.#peers.has(record.id)) {
        if (presenceAt(record, at, context.timeoutMs).presence === before.presence) continue
      }
      const state = peerState(record, at, context)
      this.#states.set(record.id, state)
      peers.push(state)
    }
    const edges = Array.from(this.#edges).flatMap(id => swarm.edges.get(id) ?? [])
    const exchanges = this.#exchanges.all()
    const entries = this.#entries.all()
    const forgotten = [...this.#forgotten]
    const states = Array.from(this.#states.values())
    const delta: Delta = {
      time: at,
      peers,
      edges: edges.map(edgeState),
      forgotten,
      exchanges,
      exchangesOmitted: this.#exchanges.next - exchanges.length,
      entries,
      totals: swarmTotals(swarm, states, context),
      alerts: raiseAlerts(swarm, states, context),
    }
    this.#peers = new Set()
    this.#edges = new Set()
    this.#forgotten = new Set()
    this.#exchanges = ring(MAX_EXCHANGES)
    this.#entries = ring(MAX_ENTRIES)
    return delta
  }
}
