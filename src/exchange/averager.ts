import type { Clock } from '../core/clock.ts'
import type { Shard } from '../core/layout.ts'
import type { GradientReducer, ParameterHost } from '../core/parameters.ts'
import type { Random } from '../core/random.ts'
import type { ExchangeFailure, Telemetry } from '../core/telemetry.ts'
import type { PeerId, Transport } from '../network/transport.ts'

/**
 * An averaging algorithm at work: decides when, with whom, how combined and how encoded this peer's parameters meet
 * the others'. It reads and changes parameters through the `ParameterHost` alone. Only a synchronous algorithm holds
 * training up, at its barriers or over a step's gradient; the others leave both undefined.
 */
export interface Averager {
  /** Names of the shards this peer averages. */
  readonly hosts: readonly string[]
  readonly counters: AveragingCounters
  /** Begins to answer partners. */
  start(): Promise<void>
  /**
   * Begins nothing new, lets what is under way end, or cuts it short when the signal fires. Once it has resolved, the
   * averager touches the parameters no more. Idempotent.
   */
  stop(signal: AbortSignal): Promise<void>
  /** Tells that local steps are finished, `step` in all. Starts what is due and returns at once. */
  onStep(step: number): void
  /**
   * Averages one shard now, or as soon as the exchange under way is over; never throws. Calls for a shard that still
   * waits share one exchange.
   */
  exchange(shard: string): Promise<ExchangeOutcome>
  readonly barriers?: Barriers
  readonly reduceGradient?: GradientReducer
}

/** Where training waits for the others. */
export interface Barriers {
  /** The first step, beyond `step`, after which training waits; Infinity if there is none. */
  after(step: number): number
  /** What is done there, `step` steps being finished; training goes on when it has resolved. Never rejects. */
  meet(step: number, signal: AbortSignal): Promise<void>
}

export type ExchangeOutcome = 'ok' | ExchangeFailure

/** Since `start`. */
export interface AveragingCounters {
  /** Exchanges this peer initiated. tried = ok + sum of failed. */
  tried: number
  ok: number
  failed: Partial<Record<ExchangeFailure, number>>
  /** Exchanges this peer answered and applied. */
  served: number
  /** What others published and this peer did not mix, by reason. */
  dropped: Partial<Record<ExchangeFailure, number>>
  /** Periods that passed while the shard's previous exchange still waited. */
  skipped: number
  /** Of exchanges in both roles, framing included. */
  bytesSent: number
  bytesReceived: number
  /** Local steps between snapshot and application, of the last `RECENT_STALENESS` exchanges this peer initiated. */
  staleness: number[]
}

const RECENT_STALENESS = 256

export interface AveragerComponents {
  transport: Transport
  parameters: ParameterHost
  /** The shards this peer hosts, as the layout has them. */
  shards: readonly Shard[]
  /** The run's id: partners of another run are refused. */
  run: string
  /** Live peers, this one not among them, that host the shard. */
  partners(shard: string): readonly PeerId[]
  /** Those of them that have steps to make. */
  training(shard: string): readonly PeerId[]
  /** Where a peer says it is, this one included; undefined if it does not say. */
  regionOf(peer: PeerId): string | undefined
  /** Local steps that another peer has finished, as it last said; 0 if it has not said yet. */
  progress(peer: PeerId): number
  clock: Clock
  random: Random
  telemetry: Telemetry
}

/** Counts what an exchange came to. */
export function countOutcome(counters: AveragingCounters, outcome: ExchangeOutcome): void {
  counters.tried += 1
  if (outcome === 'ok') counters.ok += 1
  else counters.failed[outcome] = (counters.failed[outcome] ?? 0) + 1
}

/** Remembers the staleness of an exchange that came to pass. */
export function countStaleness(counters: AveragingCounters, steps: number): void {
  counters.staleness.push(steps)
  if (counters.staleness.length > RECENT_STALENESS) counters.staleness.shift()
}

export type AveragerFactory = (components: AveragerComponents) => Averager

export function zeroCounters(): AveragingCounters {
  return {
    tried: 0,
    ok: 0,
    failed: {},
    served: 0,
    dropped: {},
    skipped: 0,
    bytesSent: 0,
    bytesReceived: 0,
    staleness: [],
  }
}
