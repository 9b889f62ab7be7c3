import type { ExchangeEvent, Recorded } from '../../core/telemetry.ts'
import type { FeedEntry } from '../api/feed.ts'
import type { Observation } from './observation.ts'

/** Refusals that are part of the game: a peer that is busy or leaving. */
const ORDINARY: ReadonlySet<ExchangeEvent['outcome']> = new Set(['ok', 'busy', 'cancelled', 'no-partner'])

/**
 * The line an observation is worth; undefined for those that only add up. Pure.
 * @param told how many observations its author made by then: what makes the id unique
 */
export function feedEntry(
  observation: Observation,
  told: number,
  nameOf: (peer: string) => string,
): FeedEntry | undefined {
  if (observation.type === 'heartbeat') return undefined
  const line = lineOf(observation, nameOf)
  if (!line) return undefined
  const { by, time } = observation
  return { id: `${by}:${told}`, time, peer: by, level: 'info', ...line, text: shortened(line.text) }
}

type Line = Pick<FeedEntry, 'kind' | 'text'> & { level?: FeedEntry['level'] }

function lineOf(event: Recorded, nameOf: (peer: string) => string): Line | undefined {
  switch (event.type) {
    case 'membership': {
      const text = `sees ${nameOf(event.peer)} ${event.change}, ${event.live} live`
      return { kind: 'membership', text, level: event.change === 'lost' ? 'warning' : 'info' }
    }
    case 'state':
      // A bar that fills is shown where the peer is.
      if (event.fraction !== undefined && event.fraction > 0) return undefined
      return { kind: 'state', text: event.detail ? `${event.state}: ${event.detail}` : event.state }
    case 'checkpoint':
      return { kind: 'checkpoint', text: `checkpoint of step ${event.step}` }
    case 'evaluation':
      return { kind: 'evaluation', text: `validation loss ${event.loss.toFixed(4)} at step ${event.step}` }
    case 'warning':
      return { kind: 'warning', text: event.message, level: 'warning' }
    case 'exchange': {
      if (ORDINARY.has(event.outcome) || event.role === 'responder') return undefined
      return { kind: 'exchange', text: `exchange with ${nameOf(event.partner)}: ${event.outcome}`, level: 'warning' }
    }
    default:
      return undefined
  }
}

/** What another peer wrote, in bounds. */
export function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}

const LONGEST = 500
