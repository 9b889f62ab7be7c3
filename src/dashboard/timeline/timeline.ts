import type { Curves } from '../api/curves.ts'
import type { Exchange, ExchangePage } from '../api/exchange.ts'
import type { FeedEntry, FeedPage } from '../api/feed.ts'
import { curveBuckets } from './curve-buckets.ts'
import { exchangesSeen } from './exchange-seen.ts'
import { exchangeTellers } from './exchange-tellers.ts'
import { feedEntry } from './feed-entry.ts'
import { type Keyframe, type Keyframes, keyframes } from './keyframes.ts'
import type { Observation } from './observation.ts'
import type { ObservationLog } from './observation-log.ts'
import { type Ring, ring } from './ring.ts'
import { copySwarm, emptySwarm, observe, type Swarm, type Touched } from './swarm.ts'

/** Whoever follows what is added: told of what changed, and of what is worth a pulse or a line. */
export interface Follower extends Touched {
  exchange(exchange: Exchange): void
  entry(entry: FeedEntry): void
}

/** A moment of the past that goes on when told to. */
interface Playback {
  readonly swarm: Swarm
  readonly time: number
  /** Goes on to a later moment. */
  advance(to: number, follower: Follower, signal: AbortSignal): Promise<void>
}

/** What a swarm's observations come to: its state at any moment that is still held, its curves, its feed. */
export interface Timeline {
  /** The latest state. Changes as observations are added. */
  readonly head: Swarm
  /** Of the moments that can be looked at; undefined before the first observation. */
  readonly range: { from: number; to: number } | undefined
  /** When somebody last finished a step. */
  readonly lastActive: number | undefined
  /** Calls back until told to stop. */
  follow(follower: Follower): () => void
  /** A playback that stands at a moment: the state after all that happened up to it. */
  playback(at: number, signal: AbortSignal): Promise<Playback>
  exchanges(from: number, to: number, limit: number, signal: AbortSignal): Promise<ExchangePage>
  feed(before: number, limit: number): FeedPage
  curves(): Curves
  /** The newest exchanges and entries, by the order in which they came. */
  readonly recent: { exchanges: Ring<Exchange>; entries: Ring<FeedEntry> }
}

export interface GrowingTimeline<Position> extends Timeline {
  /** Adds what the log holds up to the position. @param weight of it, in the unit of `keyframeEvery` */
  add(observations: readonly Observation[], position: Position, weight: number): void
}

export interface TimelineInit {
  /** Weight between two snapshots of the state; see `Keyframes`. */
  keyframeEvery: number
  nameOf(peer: string): string
}

/** Entries of the feed that are kept, those on exchanges apart: a bad link must not wash the rest away. */
const MAX_ENTRIES = 8192
const MAX_EXCHANGE_ENTRIES = 2048
const MAX_RECENT = 4096

export function timeline<Position>(log: ObservationLog<Position>, init: TimelineInit): GrowingTimeline<Position> {
  return new FoldedTimeline(log, init)
}

class FoldedTimeline<Position> implements GrowingTimeline<Position> {
  readonly #log: ObservationLog<Position>
  readonly #init: TimelineInit
  readonly #keyframes: Keyframes<Position>
  readonly #curves = curveBuckets()
  readonly #followers = new Set<Follower>()
  readonly #tellers = exchangeTellers()
  readonly #entries = ring<FeedEntry>(MAX_ENTRIES)
  readonly #exchangeEntries = ring<FeedEntry>(MAX_EXCHANGE_ENTRIES)
  readonly recent = { exchanges: ring<Exchange>(MAX_RECENT), entries: ring<FeedEntry>(MAX_RECENT) }
  readonly head = emptySwarm()
  #from: number | undefined
  #to = 0
  #lastActive: number | undefined

  constructor(log: ObservationLog<Position>, init: TimelineInit) {
    this.#log = log
    this.#init = init
    this.#keyframes = keyframes<Position>({ every: init.keyframeEvery, usable: position => log.holds(position) })
  }

  get range(): { from: number; to: number } | undefined {
    if (this.#from === undefined) return undefined
    return { from: this.#log.whole ? this.#from : (this.#keyframes.first()?.time ?? this.#to), to: this.#to }
  }

  get lastActive(): number | undefined {
    return this.#lastActive
  }

  add(observations: readonly Observation[], position: Position, weight: number): void {
    for (const observation of observations) {
      this.#tellers.note(observation)
      this.#from ??= observation.time
      this.#to = Math.max(this.#to, observation.time)
      if (observation.type === 'step') this.#lastActive = Math.max(this.#lastActive ?? 0, observation.time)
      this.#curves.add(observation)
      this.#apply(this.head, observation, this.#everybody)
    }
    this.#keyframes.offer(this.#to, position, this.head, weight)
  }

  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  async playback(at: number, signal: AbortSignal): Promise<Playback> {
    const start = this.#keyframes.before(at) ?? this.#beginning()
    const swarm = copySwarm(start.swarm)
    const player = new Player(this.#log, swarm, start.position, start.time, (observation, follower) =>
      this.#apply(swarm, observation, follower),
    )
    if (at >= start.time) await player.advance(at, nobody, signal) // more may have happened in the same millisecond
    return player
  }

  async exchanges(from: number, to: number, limit: number, signal: AbortSignal): Promise<ExchangePage> {
    const start = (this.#keyframes.before(from) ?? this.#beginning()).position
    const found = ring<Exchange>(limit)
    for await (const { observations } of this.#log.read(start, to, signal)) {
      for (const observation of observations) {
        if (observation.time <= from) continue
        for (const exchange of exchangesSeen(observation, this.#tellers.tells)) found.push(exchange)
      }
    }
    const exchanges = found.all()
    return { from, to, exchanges, omitted: found.next - exchanges.length }
  }

  feed(before: number, limit: number): FeedPage {
    const entries = [...this.#entries.all(), ...this.#exchangeEntries.all()]
      .filter(({ time }) => time <= before)
      .sort((one, other) => other.time - one.time)
    return { entries: entries.slice(0, limit), more: entries.length > limit }
  }

  curves(): Curves {
    return this.#curves.curves()
  }

  readonly #everybody: Follower = {
    peer: id => {
      for (const follower of this.#followers) follower.peer(id)
    },
    edge: id => {
      for (const follower of this.#followers) follower.edge(id)
    },
    forgotten: id => {
      for (const follower of this.#followers) follower.forgotten(id)
    },
    exchange: exchange => {
      this.recent.exchanges.push(exchange)
      for (const follower of this.#followers) follower.exchange(exchange)
    },
    entry: entry => {
      this.recent.entries.push(entry)
      const ring = entry.kind === 'exchange' ? this.#exchangeEntries : this.#entries
      ring.push(entry)
      for (const follower of this.#followers) follower.entry(entry)
    },
  }

  #apply(swarm: Swarm, observation: Observation, follower: Follower): void {
    observe(swarm, observation, follower)
    for (const exchange of exchangesSeen(observation, this.#tellers.tells)) follower.exchange(exchange)
    const entry = feedEntry(observation, swarm.peers.get(observation.by)?.told ?? 0, this.#init.nameOf)
    if (entry) follower.entry(entry)
  }

  /** Where what is held begins: with nothing, or with the first snapshot when earlier observations were let go. */
  #beginning(): Keyframe<Position> {
    const first = this.#log.whole ? undefined : this.#keyframes.first()
    return first ?? { swarm: emptySwarm(), position: this.#log.begin, time: Number.NEGATIVE_INFINITY }
  }
}

const nobody: Follower = { peer: () => {}, edge: () => {}, forgotten: () => {}, exchange: () => {}, entry: () => {} }

class Player<Position> implements Playback {
  readonly swarm: Swarm
  readonly #log: ObservationLog<Position>
  readonly #apply: (observation: Observation, follower: Follower) => void
  #position: Position
  #time: number

  constructor(
    log: ObservationLog<Position>,
    swarm: Swarm,
    position: Position,
    time: number,
    apply: (observation: Observation, follower: Follower) => void,
  ) {
    this.#log = log
    this.swarm = swarm
    this.#position = position
    this.#time = time
    this.#apply = apply
  }

  get time(): number {
    return this.#time
  }

  async advance(to: number, follower: Follower, signal: AbortSignal): Promise<void> {
    for await (const { observations, position } of this.#log.read(this.#position, to, signal)) {
      for (const observation of observations) this.#apply(observation, follower)
      this.#position = position
    }
    this.#time = Math.max(this.#time, to)
  }
}
