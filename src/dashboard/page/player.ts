import type { Exchange } from '../api/exchange.ts'
import { api } from './api-client.ts'
import { openStream } from './stream.ts'
import {
  addEntries,
  addExchanges,
  applyDelta,
  applyRun,
  applyState,
  emptyModel,
  forgetPassing,
  type SwarmModel,
} from './swarm-model.ts'

/** `following`: the live end. `playing`: from some moment. `paused`: at one. */
export type Phase = 'following' | 'playing' | 'paused'

export type Connection = 'connecting' | 'open' | 'lost'

export interface PlayerEvents {
  changed(model: SwarmModel): void
  /** Exchanges that ended just now, and the milliseconds on screen in which they did. */
  exchanged(exchanges: readonly Exchange[], spanMs: number): void
  phase(phase: Phase): void
  connection(connection: Connection): void
  /** What went wrong for good, or undefined once it is well again. */
  problem(message: string | undefined): void
}

/** Brings the model to the moment to be shown. */
export interface Player {
  readonly model: SwarmModel
  readonly phase: Phase
  readonly speed: number
  /** Begins at a moment, or where it is most telling: the live end, or the last activity of a run that is over. */
  start(at: number | undefined): void
  follow(): void
  play(): void
  pause(): void
  /** Goes to a moment and stays there. */
  seek(at: number): void
  setSpeed(speed: number): void
}

const FEED_LENGTH = 200
/** How far back the latest exchange of a pair is looked for, at a moment that was sought. */
const RECENT_MS = 60_000
const WATCH_MS = 2000
/** Behind the end by less than this, what plays a live run has caught up. */
const CAUGHT_UP_MS = 1500
/** Deltas come this often, or less often where there is much to tell. */
const DELTA_MS = { least: 250, most: 1000 }
/** Exchanges of a time without connection that are shown once there is one again, and in how many milliseconds. */
const MISSED = { most: 256, ms: 1000 }

export function player(events: PlayerEvents): Player {
  return new StreamPlayer(events)
}

class StreamPlayer implements Player {
  readonly #events: PlayerEvents
  model: SwarmModel = emptyModel
  phase: Phase = 'paused'
  speed = 1
  #stream: { close(): void } | undefined
  #watch: number | undefined
  /** Ends the questions asked for the moment before. */
  #asking = new AbortController()
  /** The moment still to be loaded; the newest wish wins. */
  #wish: number | undefined
  #loading = false
  #begun = false

  constructor(events: PlayerEvents) {
    this.#events = events
  }

  start(at: number | undefined): void {
    this.#wish = at
    this.#events.phase(this.phase)
    this.#watchRun()
  }

  follow(): void {
    this.#open({}, 'following')
  }

  play(): void {
    const { run, time } = this.model
    if (this.phase !== 'paused' || !run) return
    const atEnd = time === undefined || run.to === null || time >= run.to - 1
    const at = atEnd ? run.from : time
    if (at === null || (atEnd && run.mode === 'live')) this.follow()
    else this.#open({ at, speed: this.speed }, 'playing', atEnd)
  }

  pause(): void {
    if (this.phase === 'paused') return
    this.#close()
    this.#setPhase('paused')
    this.#watchRun()
  }

  seek(at: number): void {
    this.pause()
    this.#wish = at
    if (!this.#loading) void this.#load()
  }

  setSpeed(speed: number): void {
    this.speed = speed
    if (this.phase === 'playing' && this.model.time !== undefined) {
      this.#open({ at: this.model.time, speed }, 'playing')
    }
  }

  #open(init: { at?: number; speed?: number }, phase: Phase, anew = false): void {
    this.#close()
    this.#wish = undefined
    this.#events.problem(undefined)
    if (anew) this.model = forgetPassing(this.model)
    this.#setPhase(phase)
    this.#stream = openStream(init, {
      snapshot: ({ run, state, missed }) => {
        this.#begun = true
        this.#set(
          addEntries(addExchanges(applyRun(applyState(this.model, state), run), missed.exchanges), missed.entries),
        )
        const latest = missed.exchanges.slice(-MISSED.most)
        if (latest.length > 0) this.#events.exchanged(latest, MISSED.ms)
        void this.#loadFeed(state.time)
      },
      delta: delta => {
        const passed = delta.time - (this.model.time ?? delta.time)
        this.#set(applyDelta(this.model, delta))
        if (delta.exchanges.length > 0) this.#events.exchanged(delta.exchanges, this.#shownIn(passed))
        this.#noteCaughtUp(delta.time)
      },
      run: run => this.#set(applyRun(this.model, run)),
      end: () => this.pause(),
      connection: state => this.#events.connection(state),
    })
  }

  #close(): void {
    this.#stream?.close()
    this.#stream = undefined
    clearTimeout(this.#watch)
    this.#asking.abort()
    this.#asking = new AbortController()
    this.#loading = false
  }

  /** Milliseconds on screen of a stretch of the run. */
  #shownIn(passed: number): number {
    const ms = this.phase === 'playing' ? passed / this.speed : passed
    return Math.min(DELTA_MS.most, Math.max(DELTA_MS.least, ms))
  }

  #noteCaughtUp(time: number): void {
    const { run } = this.model
    if (this.phase !== 'playing' || run?.mode !== 'live' || run.to === null) return
    if (time >= Math.max(run.to, Date.now() - 10 * CAUGHT_UP_MS) - CAUGHT_UP_MS) this.#setPhase('following')
  }

  /** While no stream is open: asks what there is, and whether the server is still there. */
  #watchRun(): void {
    clearTimeout(this.#watch)
    const { signal } = this.#asking
    const again = () => {
      if (!signal.aborted) this.#watch = window.setTimeout(() => this.#watchRun(), WATCH_MS)
    }
    api.run(signal).then(
      run => {
        if (signal.aborted) return
        this.#events.connection('open')
        this.#set(applyRun(this.model, run))
        if (!this.#begun) this.#begin()
        else if (this.#wish !== undefined && !this.#loading) void this.#load()
        if (this.phase === 'paused') again()
      },
      () => {
        if (signal.aborted) return
        this.#events.connection('lost')
        again()
      },
    )
  }

  #begin(): void {
    this.#begun = true
    const { run } = this.model
    const at = this.#wish ?? (run?.mode === 'replay' ? (run.lastActive ?? run.to ?? undefined) : undefined)
    if (at === undefined) this.follow()
    else this.seek(at)
  }

  async #load(): Promise<void> {
    this.#loading = true
    const { signal } = this.#asking
    try {
      while (this.#wish !== undefined && !signal.aborted) {
        const at = this.#wish
        const [state, feed, { exchanges }] = await Promise.all([
          api.state(at, signal),
          api.events(at + 1, FEED_LENGTH, signal),
          api.exchanges(at - RECENT_MS, at, signal),
        ])
        if (signal.aborted) return
        if (this.#wish === at) this.#wish = undefined
        this.#set(addEntries(addExchanges(applyState(forgetPassing(this.model), state), exchanges), feed.entries))
        this.#events.problem(undefined)
      }
    } catch (error) {
      if (!signal.aborted) this.#events.problem(error instanceof Error ? error.message : String(error))
    } finally {
      if (!signal.aborted) this.#loading = false
    }
  }

  async #loadFeed(before: number): Promise<void> {
    const { signal } = this.#asking
    try {
      const { entries } = await api.events(before + 1, FEED_LENGTH, signal)
      if (!signal.aborted) this.#set(addEntries(this.model, entries))
    } catch {
      // The stream tells whether the server is there; new entries come with it.
    }
  }

  #set(model: SwarmModel): void {
    this.model = model
    this.#events.changed(model)
  }

  #setPhase(phase: Phase): void {
    this.phase = phase
    this.#events.phase(phase)
  }
}
