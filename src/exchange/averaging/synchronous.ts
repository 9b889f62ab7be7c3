import { MurmurError } from '../../core/errors.ts'
import { invalidOption } from '../../core/invalid-option.ts'
import type { Shard } from '../../core/layout.ts'
import type { GradientReducer } from '../../core/parameters.ts'
import { allFinite, sumOfSquares } from '../../core/vector.ts'
import {
  type Averager,
  type AveragerComponents,
  type Barriers,
  type ExchangeOutcome,
  zeroCounters,
} from '../averager.ts'
import { requirePlausible } from '../pairing/plausible.ts'
import type { Meeting } from '../rounds/meeting.ts'
import { type Rounds, rounds } from '../rounds/rounds.ts'

export interface SynchronousInit {
  /** Local steps between two barriers. Must be an integer >= 1. */
  every: number
  /** Seconds for which a barrier waits, at most. Must be > 0. */
  timeout: number
}

/** What a synchronous algorithm makes of the parameters where all peers meet. */
export interface Mixing {
  /** Takes note of the parameters with which training begins. */
  begin?(values: Float32Array): void
  /**
   * Changes `values`, this peer's parameters, into what they are to become. May be called again, in a later round but with the
   * same values, if something failed meanwhile: the algorithm's own state changes in `commit` alone.
   */
  mix(meeting: Meeting, values: Float32Array): Promise<void>
  /** What the last `mix` said was done. */
  commit?(): void
  /** Changes the gradient of a step into the swarm's, at every step. */
  reduce?(meeting: Meeting, gradient: Float32Array): Promise<void>
}

/** Vectors as long as all of this peer's parameters. */
export type Allocate = () => Float32Array<SharedArrayBuffer>

/**
 * An averager that holds training up after every `every` steps until all peers have met.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function synchronousAverager(
  components: AveragerComponents,
  init: SynchronousInit,
  createMixing: (allocate: Allocate) => Mixing,
): Averager {
  const { every, timeout } = init
  if (!Number.isInteger(every) || every < 1) throw invalidOption('every', 'an integer >= 1', every)
  if (!(timeout > 0 && timeout < Infinity)) throw invalidOption('timeout', 'a number of seconds > 0', timeout)
  return new SynchronousAverager(components, init, createMixing)
}

class SynchronousAverager implements Averager {
  readonly hosts: readonly string[]
  readonly counters = zeroCounters()
  readonly barriers: Barriers
  readonly reduceGradient?: GradientReducer
  readonly #parameters: AveragerComponents['parameters']
  readonly #range: Pick<Shard, 'offset' | 'length'>
  readonly #rounds: Rounds
  readonly #mixing: Mixing
  readonly #own: Float32Array<SharedArrayBuffer>
  readonly #values: Float32Array<SharedArrayBuffer>
  #meeting: Promise<ExchangeOutcome> | undefined

  constructor(
    components: AveragerComponents,
    { every, timeout }: SynchronousInit,
    createMixing: (allocate: Allocate) => Mixing,
  ) {
    this.hosts = components.shards.map(shard => shard.name)
    this.#parameters = components.parameters
    this.#range = hostedRange(components.shards)
    const allocate = () => components.parameters.allocate(this.#range.length)
    this.#own = allocate()
    this.#values = allocate()
    this.#mixing = createMixing(allocate)
    const first = components.shards[0]?.name ?? ''
    this.#rounds = rounds(
      { ...components, others: () => components.training(first) },
      { timeout: timeout * 1000, longest: this.#range.length, counters: this.counters },
    )
    this.barriers = {
      after: step => (Math.floor(step / every) + 1) * every,
      meet: async (_, signal) => {
        await this.#begin(() => this.#meet(signal))
      },
    }
    const { reduce } = this.#mixing
    if (reduce) {
      this.reduceGradient = async (gradient, _, signal) => {
        await this.#begin(() => this.#reduce(reduce, gradient, signal))
      }
    }
  }

  async start(): Promise<void> {
    if (this.#mixing.begin) {
      await this.#parameters.snapshot(this.#range.offset, this.#own)
      this.#mixing.begin(this.#own)
    }
    await this.#rounds.start()
  }

  async stop(): Promise<void> {
    this.#rounds.stop()
    await this.#meeting
  }

  onStep(): void {}

  /** All shards are averaged together. */
  exchange(): Promise<ExchangeOutcome> {
    return this.#begin(() => this.#meet(new AbortController().signal))
  }

  /** One at a time: they share this peer's buffers. */
  async #begin(task: () => Promise<ExchangeOutcome>): Promise<ExchangeOutcome> {
    const before = this.#meeting
    this.#meeting = before ? before.then(task) : task()
    return await this.#meeting
  }

  async #meet(signal: AbortSignal): Promise<ExchangeOutcome> {
    const { offset } = this.#range
    await this.#parameters.snapshot(offset, this.#own)
    const outcome = await this.#rounds.hold(async meeting => {
      this.#values.set(this.#own)
      await this.#mixing.mix(meeting, this.#values)
      subtract(this.#values, this.#own)
      requireFinite(this.#values)
      const distance = rootMeanSquare(this.#values)
      requirePlausible('a round', distance, rootMeanSquare(this.#own))
      return distance
    }, signal)
    if (outcome !== 'ok') return outcome
    await this.#parameters.apply(offset, this.#values, 1)
    this.#mixing.commit?.()
    return outcome
  }

  async #reduce(
    reduce: NonNullable<Mixing['reduce']>,
    gradient: Float32Array,
    signal: AbortSignal,
  ): Promise<ExchangeOutcome> {
    const { offset, length } = this.#range
    const own = gradient.subarray(offset, offset + length)
    const outcome = await this.#rounds.hold(async meeting => {
      this.#values.set(own)
      await reduce(meeting, this.#values)
      requireFinite(this.#values)
      return 0
    }, signal)
    if (outcome === 'ok') own.set(this.#values)
    return outcome
  }
}

/** Where the hosted shards lie, one after the other. */
function hostedRange(shards: readonly Shard[]): Pick<Shard, 'offset' | 'length'> {
  return { offset: shards[0]?.offset ?? 0, length: shards.reduce((sum, shard) => sum + shard.length, 0) }
}

function subtract(values: Float32Array, from: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! - from[i]!
}

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(sumOfSquares(values) / Math.max(1, values.length))
}

/** @throws MurmurError `VALUES_INVALID` */
function requireFinite(values: Float32Array): void {
  if (allFinite(values)) return
  throw new MurmurError({ code: 'VALUES_INVALID', message: 'Expected a round to come to finite values' })
}
