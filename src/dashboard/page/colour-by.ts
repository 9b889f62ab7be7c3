import type { PeerState } from '../api/state.ts'
import { loss, quantity } from './format.ts'

/** What the colour and the fill of a node say. */
export type ColourBy = 'loss' | 'staleness' | 'disagreement'

export interface Measure {
  readonly label: string
  readonly unit: string
  value(peer: PeerState): number | null
  format(value: number | null): string
}

export const measures: Readonly<Record<ColourBy, Measure>> = {
  loss: { label: 'Loss', unit: 'nats per token', value: peer => peer.loss, format: loss },
  staleness: { label: 'Staleness', unit: 'steps', value: peer => peer.staleness, format: quantity },
  disagreement: {
    label: 'Disagreement',
    unit: 'root mean square difference of parameters',
    value: peer => peer.disagreement,
    format: quantity,
  },
}

export function isColourBy(text: string): text is ColourBy {
  return Object.hasOwn(measures, text)
}
