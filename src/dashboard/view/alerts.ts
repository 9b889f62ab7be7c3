import type { Curve } from '../../peer/records/curve.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import type { Alert, AlertThresholds } from '../api/alert.ts'
import type { PeerState } from '../api/state.ts'
import type { PeerRecord } from '../timeline/peer-record.ts'
import type { Swarm } from '../timeline/swarm.ts'
import { medianStaleness } from './peer-state.ts'

/** Where a run's specification has no bound of its own. docs/dashboard.md gives the reasons. */
const defaults: AlertThresholds = {
  staleness: 100,
  exchangeSuccess: 0.9,
  roundTripMs: 10_000,
  memory: 0.9,
  lossProgress: 0.002,
  disagreementGrowth: 1.5,
}

/** Local steps: algorithms that exchange at every step are always some steps late. */
const LEAST_STALENESS = 20

/** Exchanges before which a share of success, a median or a growth says nothing. */
const ENOUGH_EXCHANGES = 16

/** Nobody reads more. */
const MOST_ALERTS = 128

/** Means that a curve must have before its quarters are compared. */
const ENOUGH_MEANS = 32

/** The run's own bounds where its specification has them: a late delta, and half the time an exchange may take. */
export function thresholdsFor(specification: RunSpecification | undefined): AlertThresholds {
  const averaging = specification?.averaging
  if (!averaging || averaging.algorithm === 'none') return defaults
  const bounded = 'staleness' in averaging && averaging.staleness.policy === 'bounded' ? averaging.staleness : undefined
  return {
    ...defaults,
    staleness: bounded?.bound ?? Math.max(averaging.every, LEAST_STALENESS),
    // Fragments are published and have no round trip.
    roundTripMs: 'timeout' in averaging ? (averaging.timeout * 1000) / 2 : defaults.roundTripMs,
  }
}

/** What a person should look at, the critical first. Pure. */
export function raiseAlerts(
  swarm: Swarm,
  states: readonly PeerState[],
  { thresholds }: { thresholds: AlertThresholds },
): Alert[] {
  const live = states.filter(({ presence }) => presence === 'live').flatMap(({ id }) => swarm.peers.get(id) ?? [])
  const names = new Map(states.map(({ id, name }) => [id, name]))
  const nameOf = (record: PeerRecord) => names.get(record.id) ?? record.id
  const perPeer = live.flatMap(record => [
    diverged(record, nameOf(record)),
    stale(record, nameOf(record), thresholds.staleness),
    slow(record, nameOf(record), thresholds.roundTripMs),
    full(record, nameOf(record), thresholds.memory),
  ])
  const all = [
    ...states.map(silent),
    ...perPeer,
    failing(live, thresholds.exchangeSuccess),
    stagnating(live, thresholds.lossProgress),
    drifting(live, thresholds.disagreementGrowth),
  ]
  return all
    .filter(alert => alert !== undefined)
    .sort((one, other) => Number(other.level === 'critical') - Number(one.level === 'critical'))
    .slice(0, MOST_ALERTS)
}

function alert(
  kind: Alert['kind'],
  level: Alert['level'],
  peer: string | null,
  what: Pick<Alert, 'message' | 'value' | 'threshold'>,
): Alert {
  return { id: peer === null ? kind : `${kind}:${peer}`, kind, level, peer, ...what }
}

function silent({ id, name, presence, heardAt, missingSince }: PeerState): Alert | undefined {
  if (presence !== 'silent' || missingSince === null) return undefined
  const seconds = (missingSince - heardAt) / 1000
  const message = `${name} was last heard of ${seconds.toFixed(0)} s before it counted as silent`
  return alert('peer-silent', 'warning', id, { message, value: seconds, threshold: seconds })
}

function diverged({ id, recentLoss }: PeerRecord, name: string): Alert | undefined {
  if (recentLoss === undefined || Number.isFinite(recentLoss)) return undefined
  return alert('loss-diverged', 'critical', id, {
    message: `The loss of ${name} is not finite`,
    value: 0,
    threshold: 0,
  })
}

function stale(record: PeerRecord, name: string, threshold: number): Alert | undefined {
  const value = medianStaleness(record)
  if (value === undefined || value <= threshold) return undefined
  if (!record.heartbeat && record.recentStaleness.length < ENOUGH_EXCHANGES) return undefined
  const message = `Half of the recent exchanges of ${name} were more than ${threshold} local steps stale: ${value}`
  return alert('staleness-high', 'warning', record.id, { message, value, threshold })
}

function slow({ id, recentMs }: PeerRecord, name: string, threshold: number): Alert | undefined {
  if (recentMs.length < ENOUGH_EXCHANGES) return undefined
  const value = recentMs.toSorted((a, b) => a - b)[recentMs.length >> 1]!
  if (value <= threshold) return undefined
  const message = `Half of the recent exchanges of ${name} took longer than ${threshold} ms: ${Math.round(value)} ms`
  return alert('round-trip-slow', 'warning', id, { message, value, threshold })
}

function full({ id, memory }: PeerRecord, name: string, threshold: number): Alert | undefined {
  if (!memory || memory.limit <= 0) return undefined
  const value = 1 - memory.available / memory.limit
  if (value <= threshold) return undefined
  const message = `${percent(value)} of the memory of ${name} is in use, more than ${percent(threshold)}`
  return alert('memory-high', 'critical', id, { message, value, threshold })
}

function failing(live: readonly PeerRecord[], threshold: number): Alert | undefined {
  const outcomes = live.flatMap(({ recentOutcomes }) => recentOutcomes)
  if (outcomes.length < ENOUGH_EXCHANGES) return undefined
  const value = outcomes.filter(Boolean).length / outcomes.length
  if (value >= threshold) return undefined
  const message = `${percent(value)} of the recent exchanges came to pass, less than ${percent(threshold)}`
  return alert('exchange-success-low', value < threshold / 2 ? 'critical' : 'warning', null, {
    message,
    value,
    threshold,
  })
}

/** The loss of the last quarter of the run so far against the quarter before, in the mean over the peers. */
function stagnating(live: readonly PeerRecord[], threshold: number): Alert | undefined {
  const falls = live.flatMap(({ summary }) => {
    const [before, last] = summary ? lastQuarters(summary.lossCurve) : []
    return before !== undefined && last !== undefined && before > 0 ? [(before - last) / before] : []
  })
  if (falls.length === 0) return undefined
  const value = falls.reduce((sum, fall) => sum + fall, 0) / falls.length
  if (value >= threshold) return undefined
  const message = `The loss ${value < 0 ? 'rose' : 'fell'} by ${(100 * Math.abs(value)).toFixed(2)}% from one quarter of the run to the last; expected it to fall by ${(100 * threshold).toFixed(2)}%`
  return alert('loss-stagnating', 'warning', null, { message, value, threshold })
}

function drifting(live: readonly PeerRecord[], threshold: number): Alert | undefined {
  const growths = live.flatMap(({ distances }) => {
    const [before, last] = lastQuarters(distances)
    return before !== undefined && last !== undefined && before > 0 ? [last / before] : []
  })
  if (growths.length === 0) return undefined
  const value = growths.reduce((sum, growth) => sum + growth, 0) / growths.length
  if (value <= threshold) return undefined
  const message = `Disagreement grew by ${value.toFixed(2)} from one quarter of the run to the last, more than ${threshold}`
  return alert('disagreement-growing', 'warning', null, { message, value, threshold })
}

/** Means of the third and the last quarter of a curve, nothing before there is enough of it. */
function lastQuarters({ means }: Curve): [before: number, last: number] | [] {
  if (means.length < ENOUGH_MEANS) return []
  const quarter = means.length >> 2
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const before = mean(means.slice(-2 * quarter, -quarter))
  const last = mean(means.slice(-quarter))
  return Number.isFinite(before) && Number.isFinite(last) ? [before, last] : []
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`
}
