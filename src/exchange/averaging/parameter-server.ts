import { invalidOption } from '../../core/invalid-option.ts'
import type { Shard } from '../../core/layout.ts'
import { addScaled, sumOfSquares } from '../../core/vector.ts'
import type { PeerId } from '../../network/transport.ts'
import type { AveragerComponents, AveragerFactory, Barriers } from '../averager.ts'
import { type Centre, centre } from '../centre/centre.ts'
import { staleSynchronous } from '../centre/stale-synchronous.ts'
import { asDecoded } from '../compression/as-decoded.ts'
import { boundsLength } from '../compression/codec.ts'
import type { CodecId } from '../compression/codecs.ts'
import { type Arrival, Receiver, type Taking } from '../delivery/receiver.ts'
import { Sender } from '../delivery/sender.ts'
import { failureOf } from '../failure.ts'
import { correctReceived } from '../pairing/correct-received.ts'
import { requirePlausible } from '../pairing/plausible.ts'
import {
  asynchronousAverager,
  type ExchangeResult,
  type Exchanging,
  requirePeriod,
  type Surroundings,
} from './asynchronous.ts'

export interface ParameterServerInit {
  /** Local steps between two pushes of a shard. Must be an integer >= 1. @default 1 */
  every?: number
  /** How much of what a peer pushes the centre takes on. Must be > 0 and <= 1. @default 1 */
  serverLearningRate?: number
  /**
   * s, local steps by which a peer may be ahead of the slowest: stale-synchronous. Must be an integer >= 0.
   * @default none: asynchronous
   */
  bound?: number
  /** How values go over the wire. @default 'float32' */
  codec?: CodecId
  /** Seconds for one exchange. Must be > 0. @default 15 */
  timeout?: number
}

const CENTRE_PROTOCOL = '/murmuration/centre/1.0.0'

/**
 * A parameter server (Li et al. 2014) at one of the peers. Now and then a peer pushes what its own steps changed since the
 * last time and pulls the sum of what all have pushed, which is applied between two of its steps: asynchronous SGD, or,
 * with a bound, stale-synchronous (Ho et al. 2013). What a codec leaves out of a push is in the next one.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function parameterServer(init: ParameterServerInit = {}): AveragerFactory {
  const { every = 1, serverLearningRate = 1, bound, codec = 'float32', timeout = 15 } = init
  requirePeriod({ every, timeout })
  if (!(serverLearningRate > 0 && serverLearningRate <= 1))
    throw invalidOption('serverLearningRate', 'a number > 0 and <= 1', serverLearningRate)
  if (bound !== undefined && !(Number.isInteger(bound) && bound >= 0))
    throw invalidOption('bound', 'an integer >= 0', bound)
  return components =>
    asynchronousAverager(
      components,
      { every, timeout },
      surroundings => new ParameterServer(components, surroundings, { codec, serverLearningRate, bound }),
    )
}

interface Settings {
  codec: CodecId
  serverLearningRate: number
  bound: number | undefined
}

class ParameterServer implements Exchanging {
  readonly answers: NonNullable<Exchanging['answers']>
  readonly barriers?: Barriers
  readonly #components: AveragerComponents
  readonly #settings: Settings
  readonly #centre: Centre
  readonly #sender: Sender
  readonly #receiver: Receiver
  /** What each shard's parameters would be, had this peer's own steps changed nothing that is not pushed yet. */
  readonly #pushed: ReadonlyMap<string, Float32Array<SharedArrayBuffer>>
  /** What is pushed. */
  readonly #change: Float32Array<SharedArrayBuffer>
  readonly #own: Float32Array<SharedArrayBuffer>
  readonly #pulled: { values: Float32Array<SharedArrayBuffer>; bounds: Float32Array }
  /** Steps of peers that pushed here: fresher than their heartbeats. */
  readonly #heard = new Map<PeerId, number>()

  constructor(components: AveragerComponents, surroundings: Surroundings, settings: Settings) {
    const { parameters, shards, progress } = components
    const { timeout, longest, step, onBytes, counters } = surroundings
    this.#components = components
    this.#settings = settings
    // What this peer changed and did not push is in the centre that begins with it.
    this.#centre = centre(components, step, (shard, values) => this.#pushed.get(shard)?.set(values))
    this.#pushed = new Map(shards.map(({ name, length }) => [name, parameters.allocate(length)]))
    this.#change = parameters.allocate(longest)
    this.#own = parameters.allocate(longest)
    this.#pulled = { values: parameters.allocate(longest), bounds: parameters.allocate(boundsLength(longest)) }
    this.#sender = new Sender(components, { protocol: CENTRE_PROTOCOL, codec: settings.codec, timeout, step, onBytes })
    const first = shards[0]?.name ?? ''
    this.#receiver = new Receiver(components, {
      timeout,
      longest,
      refuses: () => (this.#centre.isKeptHere(first) ? undefined : 'mismatch'),
      take: arrival => this.#take(arrival),
      onServed: () => {
        counters.served += 1
      },
      onBytes,
    })
    this.answers = { [CENTRE_PROTOCOL]: (channel, signal) => this.#receiver.answer(channel, signal) }
    if (settings.bound !== undefined) {
      this.barriers = staleSynchronous(components, {
        bound: settings.bound,
        others: () => components.training(first),
        progress: peer => Math.max(progress(peer), this.#heard.get(peer) ?? 0),
      })
    }
  }

  async begin(): Promise<void> {
    const { parameters, shards } = this.#components
    for (const { name, offset } of shards) await parameters.snapshot(offset, this.#pushed.get(name)!)
  }

  refuse(): void {
    this.#receiver.refuseOffers()
  }

  async exchange(shard: Shard, signal: AbortSignal): Promise<ExchangeResult> {
    const keeper = this.#centre.keeper(shard.name)
    if (keeper === undefined) return { outcome: 'no-partner' }
    try {
      if (this.#centre.isKeptHere(shard.name)) return await this.#exchangeHere(shard)
      return await this.#exchangeWith(keeper, shard, signal)
    } catch (error) {
      return { outcome: failureOf(error) }
    }
  }

  async #exchangeWith(partner: PeerId, shard: Shard, signal: AbortSignal): Promise<ExchangeResult> {
    const change = this.#change.subarray(0, shard.length)
    let step = 0
    const fill = async () => {
      step = await this.#measure(shard)
      asDecoded(this.#settings.codec, change)
      return 1
    }
    const values = this.#pulled.values.subarray(0, shard.length)
    const inReturn = { values, bounds: this.#pulled.bounds }
    const parcel = { partner, shard: shard.name, values: change, fill, inReturn }
    const { fate, outcome } = await this.#sender.deliver(parcel, signal)
    // In doubt it is pushed again: a keeper that cannot be asked for so long is most likely gone, and its centre too.
    if (fate === 'taken') addScaled(this.#pushed.get(shard.name)!, change, 1)
    if (outcome !== 'ok') return { outcome }
    return { outcome, staleness: (await this.#adopt(partner, shard, values, inReturn.bounds)) - step }
  }

  async #exchangeHere(shard: Shard): Promise<ExchangeResult> {
    const change = this.#change.subarray(0, shard.length)
    const values = await this.#centre.values(shard)
    const step = await this.#measure(shard)
    addScaled(values, change, this.#settings.serverLearningRate)
    addScaled(this.#pushed.get(shard.name)!, change, 1)
    const pulled = this.#pulled.values.subarray(0, shard.length)
    pulled.set(values)
    this.#pulled.bounds.fill(0)
    const end = await this.#adopt(this.#components.transport.id, shard, pulled, this.#pulled.bounds)
    return { outcome: 'ok', staleness: end - step }
  }

  /** Leaves the parameters in `#own` and what they changed by in `#change`. Returns the step of that moment. */
  async #measure(shard: Shard): Promise<number> {
    const own = this.#own.subarray(0, shard.length)
    const change = this.#change.subarray(0, shard.length)
    const { step } = await this.#components.parameters.snapshot(shard.offset, own)
    change.set(own)
    addScaled(change, this.#pushed.get(shard.name)!, -1)
    return step
  }

  /** Moves the parameters from where they were measured to the centre. Returns the step at which they are there. */
  async #adopt(
    peer: PeerId,
    shard: Shard,
    values: Float32Array<SharedArrayBuffer>,
    bounds: Float32Array,
  ): Promise<number> {
    const { parameters, clock } = this.#components
    await correctReceived(peer, values, this.#own.subarray(0, shard.length), bounds, clock)
    // `values` is half of the way back to our own by now.
    const { step } = await parameters.apply(shard.offset, values, -2)
    addScaled(this.#pushed.get(shard.name)!, values, -2)
    return step
  }

  async #take({ peer, shard, values, step }: Arrival): Promise<Taking> {
    const kept = await this.#centre.values(shard)
    const size = (vector: Float32Array) => Math.sqrt(sumOfSquares(vector) / Math.max(1, vector.length))
    const distance = size(values)
    requirePlausible(peer, distance, size(kept))
    return {
      abandon: () => {},
      commit: async () => {
        this.#hear(peer, step)
        addScaled(kept, values, this.#settings.serverLearningRate)
        values.set(kept)
        return { weight: this.#settings.serverLearningRate, distance, staleness: 0, inReturn: values }
      },
    }
  }

  /** Remembers the steps of those that train, and of nobody else. */
  #hear(peer: PeerId, step: number): void {
    const training = new Set(this.#components.training(this.#components.shards[0]?.name ?? ''))
    for (const known of this.#heard.keys()) if (!training.has(known)) this.#heard.delete(known)
    if (training.has(peer)) this.#heard.set(peer, step)
  }
}
