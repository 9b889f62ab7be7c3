import { MurmurError } from '../../core/errors.ts'
import { invalidOption } from '../../core/invalid-option.ts'
import type { Shard } from '../../core/layout.ts'
import type { ChannelHandler } from '../../network/transport.ts'
import {
  type Averager,
  type AveragerComponents,
  type AveragingCounters,
  type Barriers,
  countOutcome,
  countStaleness,
  type ExchangeOutcome,
  zeroCounters,
} from '../averager.ts'
import { dueShards } from './schedule.ts'

export interface AsynchronousInit {
  /** Local steps between two exchanges of a shard. Must be an integer >= 1. */
  every: number
  /** Seconds for one exchange. Must be > 0. */
  timeout: number
}

/** What an asynchronous algorithm does when a shard is due, and when others ask. */
export interface Exchanging {
  /** Streams it answers, by protocol. A handler ends when its signal fires. */
  readonly answers?: Readonly<Record<string, ChannelHandler>>
  /** Before anybody is answered. */
  begin?(): Promise<void>
  /** One at a time; never rejects; ends soon once the signal fires. */
  exchange(shard: Shard, signal: AbortSignal): Promise<ExchangeResult>
  /** At every step, before what is due. */
  onStep?(step: number): void
  /** From now on nothing new is accepted; what is under way may end. */
  refuse?(): void
  /** After everything has ended. */
  end?(signal: AbortSignal): Promise<void>
  readonly barriers?: Barriers
}

export interface ExchangeResult {
  outcome: ExchangeOutcome
  /** Local steps between snapshot and application; counted where the outcome is 'ok'. @default none */
  staleness?: number
}

/** What the rest of the averager tells its algorithm. */
export interface Surroundings {
  counters: AveragingCounters
  /** Milliseconds for one exchange. */
  timeout: number
  /** Values of the longest shard. */
  longest: number
  /** Local steps finished, as last told. */
  step(): number
  /** Adds a stream's bytes to the counters. */
  onBytes(channel: { bytesSent: number; bytesReceived: number }): void
}

/**
 * An averager that never holds training up: every shard is due once in `every` steps, and exchanges follow each other
 * beside training.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function asynchronousAverager(
  components: AveragerComponents,
  init: AsynchronousInit,
  createExchanging: (surroundings: Surroundings) => Exchanging,
): Averager {
  requirePeriod(init)
  return new AsynchronousAverager(components, init, createExchanging)
}

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function requirePeriod({ every, timeout }: AsynchronousInit): void {
  if (!Number.isInteger(every) || every < 1) throw invalidOption('every', 'an integer >= 1', every)
  if (!(timeout > 0 && timeout < Infinity)) throw invalidOption('timeout', 'a number of seconds > 0', timeout)
}

class AsynchronousAverager implements Averager {
  readonly hosts: readonly string[]
  readonly counters = zeroCounters()
  readonly barriers?: Barriers
  readonly #components: AveragerComponents
  readonly #every: number
  readonly #exchanging: Exchanging
  /** Shards that wait for their exchange, in order. */
  readonly #waiting = new Map<string, PromiseWithResolvers<ExchangeOutcome>>()
  readonly #answering = new Set<Promise<void>>()
  readonly #cut = new AbortController()
  #working: Promise<void> | undefined
  /** Local steps finished, as last told. */
  #step: number | undefined
  #stopped: Promise<void> | undefined

  constructor(
    components: AveragerComponents,
    { every, timeout }: AsynchronousInit,
    createExchanging: (surroundings: Surroundings) => Exchanging,
  ) {
    this.hosts = components.shards.map(shard => shard.name)
    this.#components = components
    this.#every = every
    this.#exchanging = createExchanging({
      counters: this.counters,
      timeout: timeout * 1000,
      longest: components.shards.reduce((most, shard) => Math.max(most, shard.length), 0),
      step: () => this.#step ?? 0,
      onBytes: ({ bytesSent, bytesReceived }) => {
        this.counters.bytesSent += bytesSent
        this.counters.bytesReceived += bytesReceived
      },
    })
    if (this.#exchanging.barriers) this.barriers = this.#exchanging.barriers
  }

  async start(): Promise<void> {
    await this.#exchanging.begin?.()
    for (const [protocol, answer] of Object.entries(this.#exchanging.answers ?? {})) {
      await this.#components.transport.handle(protocol, async (channel, signal) => {
        const answering = answer(channel, AbortSignal.any([signal, this.#cut.signal]))
        const settled = answering.catch(() => {})
        this.#answering.add(settled)
        await answering.finally(() => this.#answering.delete(settled))
      })
    }
  }

  async stop(signal: AbortSignal): Promise<void> {
    const cut = () => {
      this.#cut.abort(new MurmurError({ code: 'CANCELLED', message: 'this peer is stopping', cause: signal.reason }))
    }
    if (signal.aborted) cut()
    else signal.addEventListener('abort', cut, { once: true })
    this.#stopped ??= this.#stop()
    await this.#stopped
    signal.removeEventListener('abort', cut)
  }

  async #stop(): Promise<void> {
    this.#exchanging.refuse?.()
    for (const waiting of this.#waiting.values()) waiting.resolve('cancelled')
    this.#waiting.clear()
    await Promise.allSettled([this.#working, ...this.#answering])
    await this.#exchanging.end?.(this.#cut.signal)
  }

  onStep(step: number): void {
    // Steps may be told in bunches; never look back further than one period.
    const from = Math.max((this.#step ?? step - 1) + 1, step - this.#every + 1)
    this.#step = step
    if (this.#stopped) return
    this.#exchanging.onStep?.(step)
    for (let s = from; s <= step; s++) {
      for (const k of dueShards(s, this.#every, this.hosts.length)) {
        const shard = this.hosts[k]!
        if (this.#waiting.has(shard)) this.counters.skipped += 1
        else void this.exchange(shard)
      }
    }
  }

  exchange(name: string): Promise<ExchangeOutcome> {
    if (this.#stopped) return Promise.resolve('cancelled')
    const shard = this.#components.shards.find(candidate => candidate.name === name)
    if (!shard) return Promise.resolve('mismatch')
    const waiting = this.#waiting.get(name) ?? Promise.withResolvers<ExchangeOutcome>()
    this.#waiting.set(name, waiting)
    this.#working ??= this.#work()
    return waiting.promise
  }

  /** Exchanges what waits, one shard after the other. */
  async #work(): Promise<void> {
    await null // so that what is due at one step is all queued before the first begins
    for (const [name, waiting] of this.#waiting) {
      this.#waiting.delete(name)
      const shard = this.#components.shards.find(candidate => candidate.name === name)!
      const { outcome, staleness } = await this.#exchanging.exchange(shard, this.#cut.signal)
      countOutcome(this.counters, outcome)
      if (outcome === 'ok' && staleness !== undefined) countStaleness(this.counters, staleness)
      waiting.resolve(outcome)
    }
    // Together with the loop's last look at the queue: whoever queues after this begins anew.
    this.#working = undefined
  }
}
