import { afterExchange, type EdgeRecord, edgeId } from './edge-record.ts'
import type { Observation } from './observation.ts'
import { afterHearsay, afterMeeting, afterOwn, newPeer, type PeerRecord } from './peer-record.ts'
import { pairExchanges } from './told-exchanges.ts'

/**
 * What a swarm's observations add up to. The maps change, their values never do: a copy costs one reference for each
 * peer and edge.
 */
export interface Swarm {
  readonly peers: Map<string, PeerRecord>
  readonly edges: Map<string, EdgeRecord>
}

/** What an observation changed, by id. */
export interface Touched {
  peer(id: string): void
  edge(id: string): void
  /** Forgotten for lack of room. */
  forgotten(id: string): void
}

export interface SwarmLimits {
  /** Peers kept; those heard of last. */
  peers: number
  /** Edges kept; those used last. */
  edges: number
}

const SWARM_LIMITS: SwarmLimits = { peers: 4096, edges: 16_384 }

export function emptySwarm(): Swarm {
  return { peers: new Map(), edges: new Map() }
}

export function copySwarm({ peers, edges }: Swarm): Swarm {
  return { peers: new Map(peers), edges: new Map(edges) }
}

const untouched: Touched = { peer: () => {}, edge: () => {}, forgotten: () => {} }

/**
 * Adds one observation. Those of one peer must come in their order; how the peers' are interleaved does not matter to
 * what comes out, as long as everything has room.
 */
export function observe(
  swarm: Swarm,
  observation: Observation,
  touched: Touched = untouched,
  limits: SwarmLimits = SWARM_LIMITS,
): void {
  const { by, time } = observation
  const change = (id: string, after: (record: PeerRecord) => PeerRecord) => {
    const record = swarm.peers.get(id)
    swarm.peers.set(id, after(record ?? newPeer(id, time)))
    touched.peer(id)
    if (!record && swarm.peers.size > limits.peers) forgetPeer(swarm, touched)
  }
  change(by, record => afterOwn(record, observation))
  if (observation.type === 'membership' && observation.peer !== by) {
    change(observation.peer, record => afterHearsay(record, observation))
  }
  for (const exchange of pairExchanges(observation)) {
    // Whom only a stranger names may not exist.
    if (observation.type === 'heartbeat' && !swarm.peers.has(exchange.partner)) continue
    change(exchange.partner, record => afterMeeting(record, exchange.time, exchange.outcome === 'ok'))
    // Its own records tell of them already.
    if (observation.type === 'heartbeat' && swarm.peers.get(by)?.summary) continue
    const id = edgeId(by, exchange.partner)
    const edge = swarm.edges.get(id)
    if (edge) swarm.edges.delete(id) // to the end: the map is in order of use
    swarm.edges.set(id, afterExchange(edge, exchange))
    touched.edge(id)
    if (swarm.edges.size > limits.edges) forgetEdge(swarm, touched)
  }
}

/** When anything was last heard of a peer. */
export function heardAt({ summary, heartbeat, hearsay, metAt }: PeerRecord): number {
  const vouched = hearsay?.change === 'joined' ? hearsay.time : 0
  return Math.max(summary?.lastTime ?? 0, heartbeat?.time ?? 0, metAt, vouched)
}

function forgetPeer(swarm: Swarm, touched: Touched): void {
  let oldest: PeerRecord | undefined
  for (const peer of swarm.peers.values()) if (!oldest || heardAt(peer) < heardAt(oldest)) oldest = peer
  swarm.peers.delete(oldest!.id)
  touched.forgotten(oldest!.id)
}

function forgetEdge(swarm: Swarm, touched: Touched): void {
  const [oldest] = swarm.edges.keys()
  swarm.edges.delete(oldest!)
  touched.forgotten(oldest!)
}
