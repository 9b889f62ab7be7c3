import type { Clock } from '../../core/clock.ts'
import type { RunInfo } from '../api/run.ts'
import type { StreamEvents } from '../api/stream.ts'
import { changes, tellsAnything } from '../view/changes.ts'
import type { RunView } from '../view/run-view.ts'
import { swarmState } from '../view/swarm-state.ts'
import { type EventStream, eventText } from './event-stream.ts'

/** Tells everybody who follows the end of a run of what happens, once for all of them. */
export interface LiveHub {
  /** Adds a reader until it goes. @param since the id of the last message it had, if it comes back */
  join(stream: EventStream, since: string | undefined): void
  /** Resolves when it has stopped, after the signal fired. */
  run(signal: AbortSignal): Promise<void>
}

export interface LiveHubComponents {
  clock: Clock
  view: RunView
  /** Tells this server's message ids from another's. */
  session: string
}

/** Milliseconds between deltas; where there are many peers each costs more. */
const TICK_MS = 250
const SLOW_TICK_MS = 1000
const MANY_PEERS = 256

const BEAT_MS = 15_000

/** What a peer's records may be late by: events are written to the disk in batches. Milliseconds. */
const LATE_MS = 10_000

export function liveHub(components: LiveHubComponents): LiveHub {
  return new Hub(components)
}

class Hub implements LiveHub {
  readonly #clock: Clock
  readonly #view: RunView
  readonly #session: string
  readonly #streams = new Set<EventStream>()
  #changes = changes()
  #unfollow: (() => void) | undefined
  #provisional = false
  #told = ''
  #beatAt = 0

  constructor({ clock, view, session }: LiveHubComponents) {
    this.#clock = clock
    this.#view = view
    this.#session = session
  }

  join(stream: EventStream, since: string | undefined): void {
    if (stream.closed.aborted) return
    // What the others are told next must not be told to who gets it now, as a part of the state or of what was missed.
    if (this.#streams.size === 0) this.#begin()
    else this.#tellChanges()
    this.#streams.add(stream)
    stream.closed.addEventListener('abort', () => this.#leave(stream), { once: true })
    this.#greet(stream, since)
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#streams.size > 0) this.#tick()
      const many = this.#view.latest().swarm.peers.size > MANY_PEERS
      await this.#clock.sleep(many ? SLOW_TICK_MS : TICK_MS, signal).catch(() => {}) // stopped
    }
    for (const stream of this.#streams) stream.end()
  }

  #leave(stream: EventStream): void {
    this.#streams.delete(stream)
    if (this.#streams.size === 0) this.#unfollow?.()
  }

  /** Follows from now on; what is indexed of the past is no news. */
  #begin(): void {
    const { source } = this.#view
    this.#unfollow?.()
    this.#provisional = source.provisional !== undefined
    this.#changes = changes()
    const { swarm, at } = this.#view.latest()
    this.#changes.take(swarm, at, this.#view.context())
    this.#unfollow = this.#provisional ? () => {} : source.timeline.follow(this.#changes)
    this.#told = infoText(this.#view.info())
  }

  #greet(stream: EventStream, since: string | undefined): void {
    const { swarm, at } = this.#view.latest()
    const state = swarmState(swarm, at, this.#view.context())
    stream.send('snapshot', { run: this.#view.info(), state, missed: this.#missed(since) }, this.#id(at))
  }

  #tick(): void {
    if (this.#provisional && !this.#view.source.provisional) {
      this.#begin()
      for (const stream of this.#streams) this.#greet(stream, undefined)
      return
    }
    this.#tellChanges()
    if (this.#clock.now() - this.#beatAt < BEAT_MS) return
    this.#beatAt = this.#clock.now()
    for (const stream of this.#streams) stream.beat()
  }

  /** The run after the delta: its id says that all up to then was told. */
  #tellChanges(): void {
    const { swarm, at } = this.#view.latest()
    const delta = this.#changes.take(swarm, at, this.#view.context())
    if (tellsAnything(delta)) this.#tell(eventText('delta', delta, this.#id(at)))
    const info = this.#view.info()
    const text = infoText(info)
    if (text !== this.#told) this.#tell(eventText('run', info, this.#id(at)))
    this.#told = text
  }

  #tell(text: string): void {
    for (const stream of this.#streams) stream.sendText(text)
  }

  #id(at: number): string {
    const { exchanges, entries } = this.#view.source.timeline.recent
    return `${this.#session}.${exchanges.next}.${entries.next}.${Math.round(at)}`
  }

  #missed(since: string | undefined): StreamEvents['snapshot']['missed'] {
    const known = /^([0-9a-f]+)\.(\d+)\.(\d+)\.(\d+)$/.exec(since ?? '')
    if (!known) return { exchanges: [], entries: [] }
    const [, session, exchange, entry, time] = known
    const after = Number(time) - LATE_MS
    const { exchanges, entries } = this.#view.source.timeline.recent
    // Another server counted otherwise.
    const first = (number: string | undefined) => (session === this.#session ? Number(number) : 0)
    return {
      exchanges: exchanges.since(first(exchange)).filter(each => each.time >= after),
      entries: entries.since(first(entry)).filter(each => each.time >= after),
    }
  }
}

/** Without the end of the range: that moves on with every delta. */
function infoText(info: RunInfo): string {
  return JSON.stringify({ ...info, to: null, lastActive: null, indexed: Math.floor(info.indexed * 50) })
}
