import type { Exchange } from '../api/exchange.ts'
import { finite } from './edge-record.ts'
import type { Observation } from './observation.ts'

/**
 * The exchange that an observation tells of, once for each: its initiator tells it, or the other side where the
 * initiator is not heard. Pure.
 */
export function exchangeSeen(observation: Observation, isHeard: (peer: string) => boolean): Exchange | undefined {
  if (observation.type !== 'exchange' || !observation.partner) return undefined
  const { by, partner, role } = observation
  if (role === 'responder' && isHeard(partner)) return undefined
  const [from, to] = role === 'initiator' ? [by, partner] : [partner, by]
  const ok = observation.outcome === 'ok'
  return {
    id: observation.id,
    time: observation.time,
    from,
    to,
    shard: observation.shard,
    outcome: observation.outcome,
    ms: finite(observation.ms) ?? 0,
    bytes: observation.bytesSent + observation.bytesReceived,
    staleness: ok ? finite(observation.staleness) : null,
    disagreement: ok ? finite(observation.distance) : null,
  }
}
