import {
  EVERYBODY,
  type ExchangeEvent,
  type MembershipEvent,
  type MemoryEvent,
  type Recorded,
  type TrainerEvent,
} from '../../core/telemetry.ts'
import { addToCurve, type Curve, emptyCurve } from '../../peer/records/curve.ts'
import { type PeerSummary, summarize, tellsStaleness } from '../../peer/records/summary.ts'
import type { ExchangeTally } from '../api/state.ts'
import { countOutcome, noExchanges } from './edge-record.ts'
import type { Heartbeat, Observation } from './observation.ts'
import { toldExchanges } from './told-exchanges.ts'

/** What is known of one peer, from its own records, its heartbeats and its partners. Bounded however long the run. */
export interface PeerRecord {
  readonly id: string
  /** When it was first told of, by anybody. */
  readonly firstTime: number
  /** Observations by itself so far. */
  readonly told: number
  /** Of its own events. */
  readonly summary: PeerSummary | undefined
  readonly trainer: TrainerEvent | undefined
  readonly memory: MemoryEvent | undefined
  readonly heartbeat: Heartbeat | undefined
  /** Begun by it, as its heartbeats tell, where it is not heard otherwise. */
  readonly toldExchanges: ExchangeTally
  /** The latest word of another peer's on it. */
  readonly hearsay: { time: number; change: MembershipEvent['change']; by: string } | undefined
  /** When another peer last had an exchange with it. */
  readonly metAt: number
  /** Shards it exchanged, in order of their names. */
  readonly shards: readonly string[]
  /** Exponential mean over about the last 20 steps. */
  readonly recentLoss: number | undefined
  /** Of the latest exchanges that it began and that came to pass, in local steps; that it received, if it publishes. */
  readonly recentStaleness: readonly number[]
  /** Milliseconds of those that it began with one partner. */
  readonly recentMs: readonly number[]
  /** Whether the latest exchanges that it began came to pass. */
  readonly recentOutcomes: readonly boolean[]
  /** Exponential mean over about the last 8 exchanges. */
  readonly recentDistance: number | undefined
  /** Of all its exchanges, for whether it grows. */
  readonly distances: Curve
}

const RECENT_STEPS = 20
const RECENT_DISTANCES = 8
const RECENT_EXCHANGES = 32
const MAX_SHARDS = 128

export function newPeer(id: string, time: number): PeerRecord {
  return {
    id,
    firstTime: time,
    told: 0,
    summary: undefined,
    trainer: undefined,
    memory: undefined,
    heartbeat: undefined,
    toldExchanges: noExchanges,
    hearsay: undefined,
    metAt: 0,
    shards: [],
    recentLoss: undefined,
    recentStaleness: [],
    recentMs: [],
    recentOutcomes: [],
    recentDistance: undefined,
    distances: emptyCurve,
  }
}

/** The record after what the peer itself told. Pure. */
export function afterOwn(record: PeerRecord, observation: Observation): PeerRecord {
  const firstTime = Math.min(record.firstTime, observation.time)
  const common = { ...record, firstTime, told: record.told + 1 }
  if (observation.type === 'heartbeat') {
    const heard: PeerRecord = { ...common, heartbeat: observation }
    return record.summary ? heard : toldExchanges(observation).reduce(afterTold, heard)
  }
  const told: PeerRecord = { ...common, summary: summarize(record.summary, observation) }
  switch (observation.type) {
    case 'step':
      return { ...told, recentLoss: drift(record.recentLoss, observation.loss, RECENT_STEPS) }
    case 'trainer':
      return { ...told, trainer: observation }
    case 'memory':
      return { ...told, memory: observation }
    case 'exchange':
      return afterExchange(told, observation)
    default:
      return told
  }
}

function afterTold(record: PeerRecord, event: Recorded<ExchangeEvent>): PeerRecord {
  return { ...afterExchange(record, event), toldExchanges: countOutcome(record.toldExchanges, event.outcome) }
}

function afterExchange(record: PeerRecord, event: Extract<Observation, { type: 'exchange' }>): PeerRecord {
  const ok = event.outcome === 'ok'
  const begun = event.role === 'initiator'
  const paired = event.partner !== EVERYBODY
  const stale = tellsStaleness(event, record.summary?.publishes ?? false)
  return {
    ...record,
    shards: withShard(record.shards, event.shard),
    ...(begun && {
      recentOutcomes: latest(record.recentOutcomes, ok),
    }),
    ...(begun && ok && paired && { recentMs: latest(record.recentMs, event.ms) }),
    ...(ok && stale && { recentStaleness: latest(record.recentStaleness, event.staleness) }),
    ...(ok &&
      paired &&
      Number.isFinite(event.distance) && {
        recentDistance: drift(record.recentDistance, event.distance, RECENT_DISTANCES),
        distances: addToCurve(record.distances, event.distance),
      }),
  }
}

/** The record after another peer's word on whether it is there. The latest word counts, whoever is read first. Pure. */
export function afterHearsay(record: PeerRecord, { time, change, by }: Recorded<MembershipEvent>): PeerRecord {
  const firstTime = Math.min(record.firstTime, time)
  const known = record.hearsay
  const older = known && (known.time > time || (known.time === time && known.by > by))
  return older ? { ...record, firstTime } : { ...record, firstTime, hearsay: { time, change, by } }
}

/** The record after an exchange that another peer had with it. Pure. */
export function afterMeeting(record: PeerRecord, time: number, ok: boolean): PeerRecord {
  return {
    ...record,
    firstTime: Math.min(record.firstTime, time),
    metAt: ok ? Math.max(record.metAt, time) : record.metAt,
  }
}

/** An exponential mean; what is not finite starts it anew, so that a loss that diverged is not hidden. */
function drift(mean: number | undefined, value: number, over: number): number {
  if (mean === undefined || !Number.isFinite(mean) || !Number.isFinite(value)) return value
  return mean + (value - mean) / over
}

function latest<T>(values: readonly T[], value: T): readonly T[] {
  return values.length < RECENT_EXCHANGES ? [...values, value] : [...values.slice(1), value]
}

function withShard(shards: readonly string[], shard: string): readonly string[] {
  if (shards.includes(shard) || shards.length >= MAX_SHARDS) return shards
  return [...shards, shard].sort()
}
