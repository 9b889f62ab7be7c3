import { EVERYBODY, type ExchangeEvent, type Recorded } from '../../core/telemetry.ts'
import { isOutcome } from '../../peer/records/event-schema.ts'
import type { Observation } from './observation.ts'

/**
 * The exchanges that an observation tells of: a recorded one, or those that a heartbeat names. Pure.
 */
export function toldExchanges(observation: Observation): Recorded<ExchangeEvent>[] {
  if (observation.type === 'exchange') return observation.partner ? [observation] : []
  if (observation.type !== 'heartbeat') return []
  const { by, time, status } = observation
  return (status.exchanges ?? []).flatMap(({ outcome, ago, distance, ...told }) => {
    if (!isOutcome(outcome)) return [] // of a later version
    return {
      ...told,
      type: 'exchange' as const,
      role: 'initiator' as const,
      outcome,
      weight: 1,
      distance: distance ?? Number.NaN,
      time: time - ago,
      by,
    }
  })
}

/** Those of them that two peers had. Pure. */
export function pairExchanges(observation: Observation): Recorded<ExchangeEvent>[] {
  return toldExchanges(observation).filter(({ partner, by }) => partner !== EVERYBODY && partner !== by)
}
