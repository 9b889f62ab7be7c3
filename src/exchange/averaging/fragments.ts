import { invalidOption } from '../../core/invalid-option.ts'
import type { Shard } from '../../core/layout.ts'
import { EVERYBODY } from '../../core/telemetry.ts'
import type { PeerId, Transport } from '../../network/transport.ts'
import { type StalenessInit, type StalenessPolicy, stalenessPolicy } from '../aggregation/staleness.ts'
import type { AveragerComponents, AveragerFactory, ExchangeOutcome } from '../averager.ts'
import { boundsLength } from '../compression/codec.ts'
import { int8 } from '../compression/int8.ts'
import { ExchangeRefused, failureOf } from '../failure.ts'
import { Arrivals } from '../fragments/arrivals.ts'
import {
  decodeFragment,
  encodeFragment,
  type Fragment,
  fragmentTopic,
  MAX_FRAGMENT_VALUES,
} from '../fragments/fragment.ts'
import { correctReceived } from '../pairing/correct-received.ts'
import {
  asynchronousAverager,
  type ExchangeResult,
  type Exchanging,
  requirePeriod,
  type Surroundings,
} from './asynchronous.ts'

export interface FragmentsInit {
  /** Local steps between two fragments of a shard that a peer publishes. Must be an integer >= 1. @default 5 */
  every?: number
  /** Values of a fragment, at most. Must be an integer in [1, MAX_FRAGMENT_VALUES]. @default 32768 */
  length?: number
  /** How far a fresh fragment draws its receivers toward the publisher. Must be > 0 and <= 1. @default 0.25 */
  weight?: number
  /** How much less late ones do, by the local steps that the receiver is ahead. @default { policy: 'none' } */
  staleness?: StalenessInit
}

/** Seconds that publishing may take: gossipsub hands a message on at once or not at all. */
const PUBLISH_SECONDS = 15

/** What may wait to be mixed, a megabyte and a half at most, and what one sender may add to it. */
const ARRIVALS = { capacity: 24, burst: 8, rate: 20 }

/**
 * Gossipsub fragments: every few steps a peer publishes a slice of a shard to all who host it, in int8, and each receiver
 * moves toward what reaches it, x <- x + w (theirs - x), with less weight the staler it is. Nobody answers, so the sum over
 * the swarm is not preserved: the mean wanders, by as much as the peers differ. Gossipsub floods, so the bytes a peer
 * receives grow with the number of peers.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function fragments(init: FragmentsInit = {}): AveragerFactory {
  const { every = 5, length = 32_768, weight = 0.25 } = init
  requirePeriod({ every, timeout: PUBLISH_SECONDS })
  if (!Number.isInteger(length) || length < 1 || length > MAX_FRAGMENT_VALUES)
    throw invalidOption('length', `an integer >= 1 and <= ${MAX_FRAGMENT_VALUES}`, length)
  if (!(weight > 0 && weight <= 1)) throw invalidOption('weight', 'a number > 0 and <= 1', weight)
  const policy = stalenessPolicy(init.staleness ?? { policy: 'none' })
  return components =>
    asynchronousAverager(
      components,
      { every, timeout: PUBLISH_SECONDS },
      surroundings => new Fragments(components, surroundings, { length, weight, policy }),
    )
}

interface Settings {
  length: number
  weight: number
  policy: StalenessPolicy
}

interface Arrived {
  from: PeerId
  shard: Shard
  fragment: Fragment
  bytes: number
}

class Fragments implements Exchanging {
  readonly #components: AveragerComponents
  readonly #surroundings: Surroundings
  readonly #settings: Settings
  readonly #arrivals: Arrivals<Arrived>
  /** Where each shard's next fragment begins. */
  readonly #next = new Map<string, number>()
  readonly #outgoing: Float32Array<SharedArrayBuffer>
  readonly #received: Float32Array<SharedArrayBuffer>
  readonly #own: Float32Array<SharedArrayBuffer>
  readonly #bounds: Float32Array
  #published = 0
  #mixing: Promise<void> | undefined
  #refusing = false

  constructor(components: AveragerComponents, surroundings: Surroundings, settings: Settings) {
    const { parameters, clock } = components
    this.#components = components
    this.#surroundings = surroundings
    this.#settings = settings
    this.#arrivals = new Arrivals(clock, ARRIVALS)
    this.#outgoing = parameters.allocate(Math.min(settings.length, surroundings.longest))
    // Others may publish longer ones than this peer does: what a message can hold.
    const most = Math.min(MAX_FRAGMENT_VALUES, surroundings.longest)
    this.#received = parameters.allocate(most)
    this.#own = parameters.allocate(most)
    this.#bounds = parameters.allocate(boundsLength(most))
  }

  async begin(): Promise<void> {
    const { transport, shards, run } = this.#components
    for (const shard of shards) {
      await transport.subscribe(fragmentTopic(run, shard.name), (from, data) => this.#hear(from, shard, data))
    }
  }

  refuse(): void {
    this.#refusing = true
    this.#arrivals.clear()
  }

  async end(): Promise<void> {
    await this.#mixing
  }

  async exchange(shard: Shard): Promise<ExchangeResult> {
    const { partners, clock } = this.#components
    if (partners(shard.name).length === 0) return { outcome: 'no-partner' }
    const begun = clock.now()
    let outcome: ExchangeOutcome = 'ok'
    let bytes = 0
    try {
      bytes = await this.#publish(shard)
    } catch (error) {
      outcome = failureOf(error)
    }
    this.#surroundings.onBytes({ bytesSent: bytes, bytesReceived: 0 })
    const sent = {
      role: 'initiator',
      partner: EVERYBODY,
      id: `${this.#components.transport.id}-${this.#published}`,
    } as const
    this.#published += 1
    this.#record(shard, { ...sent, outcome, bytesSent: bytes, ms: clock.now() - begun })
    return { outcome }
  }

  async #publish({ name, offset, length }: Shard): Promise<number> {
    const { parameters, transport, random, run } = this.#components
    // The slices follow each other round the shard, from a place of this peer's own.
    const start = this.#next.get(name) ?? random.fork(name).integer(Math.max(1, length))
    const end = Math.min(start + this.#settings.length, length)
    this.#next.set(name, end === length ? 0 : end)
    const values = this.#outgoing.subarray(0, end - start)
    const { step } = await parameters.snapshot(offset + start, values)
    const data = encodeFragment({ step, start }, values)
    await transport.publish(fragmentTopic(run, name), data)
    return data.length
  }

  #hear(from: PeerId, shard: Shard, data: Uint8Array): ReturnType<Parameters<Transport['subscribe']>[1]> {
    if (this.#refusing || from === this.#components.transport.id) return 'ignore'
    const fragment = decodeFragment(data, shard.length)
    if (!fragment) {
      this.#drop('invalid')
      return 'reject'
    }
    // The data may be the network's own: what waits is a copy.
    const kept = { ...fragment, encoded: fragment.encoded.slice() }
    if (!this.#arrivals.add(from, { from, shard, fragment: kept, bytes: data.length })) {
      this.#drop('busy')
      return 'ignore'
    }
    this.#mixing ??= this.#work()
    return 'accept'
  }

  async #work(): Promise<void> {
    await null
    for (let next = this.#arrivals.next(); next; next = this.#arrivals.next()) await this.#mix(next)
    this.#mixing = undefined
  }

  async #mix({ from, shard, fragment, bytes }: Arrived): Promise<void> {
    const { clock } = this.#components
    const { counters, onBytes } = this.#surroundings
    const begun = clock.now()
    const report = { weight: 0, staleness: 0, distance: 0 }
    let outcome: ExchangeOutcome = 'ok'
    try {
      await this.#moveToward(from, shard, fragment, report)
      counters.served += 1
    } catch (error) {
      const reason = failureOf(error)
      this.#drop(reason)
      outcome = reason
    }
    onBytes({ bytesSent: 0, bytesReceived: bytes })
    const id = `${from}-${fragment.step}-${fragment.start}`
    this.#record(shard, {
      role: 'responder',
      partner: from,
      id,
      outcome,
      bytesReceived: bytes,
      ms: clock.now() - begun,
      ...report,
    })
  }

  async #moveToward(
    from: PeerId,
    shard: Shard,
    { start, length, step, encoded }: Fragment,
    report: { weight: number; staleness: number; distance: number },
  ): Promise<void> {
    const { parameters, clock } = this.#components
    const received = this.#received.subarray(0, length)
    const own = this.#own.subarray(0, length)
    const decoder = int8.decoder(received, this.#bounds)
    decoder.write(encoded)
    decoder.end()
    const now = await parameters.snapshot(shard.offset + start, own)
    report.staleness = Math.max(0, now.step - step)
    const share = this.#settings.policy(report.staleness)
    if (share === undefined) throw new ExchangeRefused('too-stale')
    report.distance = await correctReceived(from, received, own, this.#bounds, clock)
    report.weight = this.#settings.weight * share
    // `received` is half of the way from theirs to our own by now.
    await parameters.apply(shard.offset + start, received, -2 * report.weight)
  }

  #drop(reason: Exclude<ExchangeOutcome, 'ok'>): void {
    const { dropped } = this.#surroundings.counters
    dropped[reason] = (dropped[reason] ?? 0) + 1
  }

  #record(
    shard: Shard,
    event: {
      role: 'initiator' | 'responder'
      id: string
      partner: string
      outcome: ExchangeOutcome
      ms: number
      weight?: number
      staleness?: number
      distance?: number
      bytesSent?: number
      bytesReceived?: number
    },
  ): void {
    const nothing = { weight: 0, staleness: 0, distance: 0, bytesSent: 0, bytesReceived: 0 }
    this.#components.telemetry.record({ type: 'exchange', shard: shard.name, ...nothing, ...event })
  }
}
