import type { Exchange } from '../api/exchange.ts'
import { finite } from './edge-record.ts'
import type { ExchangeTellers } from './exchange-tellers.ts'
import type { Observation } from './observation.ts'
import { pairExchanges } from './told-exchanges.ts'

/**
 * The exchanges that an observation tells of, once for each: its initiator tells it, or the other side where the
 * initiator does not. Pure.
 */
export function exchangesSeen(observation: Observation, tells: ExchangeTellers['tells']): Exchange[] {
  return pairExchanges(observation).flatMap(told => {
    const { by, partner, role, outcome } = told
    if (role === 'responder' && tells(partner)) return []
    const [from, to] = role === 'initiator' ? [by, partner] : [partner, by]
    return {
      id: told.id,
      time: told.time,
      from,
      to,
      shard: told.shard,
      outcome,
      ms: finite(told.ms) ?? 0,
      bytes: told.bytesSent + told.bytesReceived,
      staleness: outcome === 'ok' ? finite(told.staleness) : null,
      disagreement: outcome === 'ok' ? finite(told.distance) : null,
    }
  })
}
