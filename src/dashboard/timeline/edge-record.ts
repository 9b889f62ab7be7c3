import type { ExchangeEvent, Recorded } from '../../core/telemetry.ts'
import type { EdgeState, ExchangeTally } from '../api/state.ts'

/** What one side tells of the exchanges in one direction of a pair. */
interface Told {
  readonly tally: ExchangeTally
  readonly bytes: number
  readonly lastAt: number
  /** The latest one that came to pass. */
  readonly last: { time: number; ms: number; staleness: number; distance: number } | undefined
}

/** The exchanges of one direction, as each side tells of them: both tell of the same ones. */
interface Direction {
  readonly initiator?: Told
  readonly responder?: Told
}

/**
 * What a pair of peers did together. Each part is told by one peer alone, so that the order in which several peers'
 * records are read does not matter.
 */
export interface EdgeRecord {
  readonly a: string
  readonly b: string
  readonly fromA: Direction
  readonly fromB: Direction
}

export function edgeId(one: string, other: string): string {
  return one < other ? `${one}|${other}` : `${other}|${one}`
}

/** The record after one more exchange. Pure. */
export function afterExchange(edge: EdgeRecord | undefined, event: Recorded<ExchangeEvent>): EdgeRecord {
  const [a, b] = event.by < event.partner ? [event.by, event.partner] : [event.partner, event.by]
  const before = edge ?? { a, b, fromA: {}, fromB: {} }
  const initiator = event.role === 'initiator' ? event.by : event.partner
  const direction = initiator === a ? 'fromA' : 'fromB'
  const told = afterTelling(before[direction][event.role], event)
  return { ...before, [direction]: { ...before[direction], [event.role]: told } }
}

function afterTelling(told: Told | undefined, event: Recorded<ExchangeEvent>): Told {
  const { outcome, ms, staleness, distance, time } = event
  return {
    tally: countOutcome(told?.tally ?? noExchanges, outcome),
    bytes: (told?.bytes ?? 0) + event.bytesSent + event.bytesReceived,
    lastAt: time,
    // Who sent nothing back made no round trip.
    last: outcome === 'ok' ? { time, ms: event.bytesSent > 0 ? ms : Number.NaN, staleness, distance } : told?.last,
  }
}

export const noExchanges: ExchangeTally = { tried: 0, ok: 0, failed: {} }

export function countOutcome(tally: ExchangeTally, outcome: ExchangeEvent['outcome'], n = 1): ExchangeTally {
  const { tried, ok, failed } = tally
  if (outcome === 'ok') return { tried: tried + n, ok: ok + n, failed }
  return { tried: tried + n, ok, failed: { ...failed, [outcome]: (failed[outcome] ?? 0) + n } }
}

/** The direction's exchanges by its initiator, or by the other side where only that one is heard. */
function best({ initiator, responder }: Direction): Told | undefined {
  return initiator ?? responder
}

/** The exchanges begun by a side that did not record them itself. */
export function unrecorded(edge: EdgeRecord, recorded: (peer: string) => boolean): ExchangeTally[] {
  const sides = [
    { by: edge.a, told: best(edge.fromA) },
    { by: edge.b, told: best(edge.fromB) },
  ]
  return sides.flatMap(({ by, told }) => (told && !recorded(by) ? [told.tally] : []))
}

function lastExchangeAt({ fromA, fromB }: EdgeRecord): number {
  return Math.max(best(fromA)?.lastAt ?? 0, best(fromB)?.lastAt ?? 0)
}

export function edgeState(edge: EdgeRecord): EdgeState {
  const fromA = best(edge.fromA)
  const fromB = best(edge.fromB)
  const both = [fromA, fromB].filter(told => told !== undefined)
  const last = both
    .flatMap(told => told.last ?? [])
    .reduce<Told['last']>((latest, each) => (latest && latest.time >= each.time ? latest : each), undefined)
  const ok = both.reduce((sum, { tally }) => sum + tally.ok, 0)
  const tried = both.reduce((sum, { tally }) => sum + tally.tried, 0)
  return {
    a: edge.a,
    b: edge.b,
    ok,
    failed: tried - ok,
    begunByA: fromA?.tally.tried ?? 0,
    bytes: both.reduce((sum, { bytes }) => sum + bytes, 0),
    lastAt: lastExchangeAt(edge),
    roundTripMs: finite(last?.ms),
    staleness: finite(last?.staleness),
    disagreement: finite(last?.distance),
  }
}

/** JSON has no NaN and no infinity: null for both, and for what is unknown. */
export function finite(value: number | null | undefined): number | null {
  return value !== undefined && value !== null && Number.isFinite(value) ? value : null
}
