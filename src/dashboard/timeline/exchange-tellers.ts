import { EVERYBODY } from '../../core/telemetry.ts'
import type { Observation } from './observation.ts'

/**
 * Who tells of the exchanges that it begins: what its partners say of the same ones is not needed. One who publishes to
 * all does not say who took it; its receivers do.
 */
export interface ExchangeTellers {
  note(observation: Observation): void
  /** Whether a peer's own records are heard, not only its heartbeats. */
  records(peer: string): boolean
  /** Whether what it begins goes to all. */
  publishes(peer: string): boolean
  /** Whether it tells of each exchange with each partner. */
  tells(peer: string): boolean
}

/** Peers remembered, four times as many as are shown: whoever makes up more is not worth it. */
const MAX_PEERS = 16_384

export function exchangeTellers(): ExchangeTellers {
  const heard = new Set<string>()
  const recording = new Set<string>()
  const publishing = new Set<string>()
  const remember = (peers: Set<string>, peer: string) => {
    if (peers.size < MAX_PEERS) peers.add(peer)
  }
  return {
    note(observation) {
      const { by } = observation
      remember(heard, by)
      if (observation.type !== 'heartbeat') remember(recording, by)
      if (observation.type === 'exchange' && observation.partner === EVERYBODY) remember(publishing, by)
    },
    publishes: peer => publishing.has(peer),
    records: peer => recording.has(peer),
    tells: peer => heard.has(peer) && !publishing.has(peer),
  }
}
