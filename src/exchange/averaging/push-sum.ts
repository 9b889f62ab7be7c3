import type { Shard } from '../../core/layout.ts'
import type { PeerId } from '../../network/transport.ts'
import { give, pull } from '../aggregation/push-sum.ts'
import type { AveragerComponents, AveragerFactory } from '../averager.ts'
import { boundsLength } from '../compression/codec.ts'
import type { CodecId } from '../compression/codecs.ts'
import { Receiver, type Taking } from '../delivery/receiver.ts'
import { type Delivered, Sender } from '../delivery/sender.ts'
import { correctReceived } from '../pairing/correct-received.ts'
import { type Neighbours, type NeighboursInit, neighbours } from '../topology/neighbours.ts'
import {
  asynchronousAverager,
  type ExchangeResult,
  type Exchanging,
  requirePeriod,
  type Surroundings,
} from './asynchronous.ts'
import { HARMLESS } from './in-pairs.ts'

export interface PushSumInit {
  /** Local steps between two shares of a shard. Must be an integer >= 1. @default 20 */
  every?: number
  /** How values go over the wire. Only 'float32' conserves the sum. @default 'float32' */
  codec?: CodecId
  /** Whom a peer may give to. @default { kind: 'one-peer-exponential' } */
  topology?: NeighboursInit
  /** Seconds for one share. Must be > 0. @default 15 */
  timeout?: number
}

const PUSH_SUM_PROTOCOL = '/murmuration/push-sum/1.0.0'

/** A peer with less keeps it until somebody gives it more: what it could give would hardly move anybody. */
const LEAST_WEIGHT = 2 ** -10

/** Peers that a leaver tries to give its mass to. */
const HEIRS = 3

/**
 * Stochastic gradient push (Assran et al. 2019, arXiv:1811.10792), with overlap: nobody waits for anybody. Every now and
 * then a peer gives half of its mass (x, w) to an out-neighbour, who adds it to its own whenever it arrives. The trainer
 * holds z = x / w, so gradients are applied to z, and count as much as the peer weighs. What was not taken is taken back.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function pushSum(init: PushSumInit = {}): AveragerFactory {
  const { every = 20, timeout = 15, codec = 'float32' } = init
  requirePeriod({ every, timeout })
  const topology = neighbours(init.topology ?? { kind: 'one-peer-exponential' })
  return components =>
    asynchronousAverager(components, { every, timeout }, surroundings => {
      // Who trains no more gives nothing: what it gets would be lost to the others until it leaves.
      const choice = topology({ ...components, partners: shard => components.training(shard) })
      return new PushSum(components, surroundings, { codec, choice })
    })
}

interface Settings {
  codec: CodecId
  choice: Neighbours
}

export class PushSum implements Exchanging {
  readonly answers: NonNullable<Exchanging['answers']>
  /** w of each shard. */
  readonly #weights: Map<string, number>
  readonly #parameters: AveragerComponents['parameters']
  readonly #shards: readonly Shard[]
  readonly #choice: Neighbours
  readonly #clock: AveragerComponents['clock']
  readonly #sender: Sender
  readonly #receiver: Receiver
  readonly #step: () => number
  /** Values on their way, kept until it is known that they were taken. */
  readonly #given: Float32Array<SharedArrayBuffer>
  /** This peer's values while something is taken in. */
  readonly #own: Float32Array<SharedArrayBuffer>
  /** Of values that are known exactly. */
  readonly #noBounds: Float32Array
  /** Values and weights change together, one change at a time. */
  #changing: Promise<void> = Promise.resolve()

  constructor(components: AveragerComponents, surroundings: Surroundings, { codec, choice }: Settings) {
    const { parameters, shards, clock } = components
    const { timeout, longest, step, onBytes, counters } = surroundings
    this.#weights = new Map(shards.map(shard => [shard.name, 1]))
    this.#parameters = parameters
    this.#shards = shards
    this.#choice = choice
    this.#clock = clock
    this.#step = step
    this.#given = parameters.allocate(longest)
    this.#own = parameters.allocate(longest)
    this.#noBounds = parameters.allocate(boundsLength(longest))
    this.#sender = new Sender(components, { protocol: PUSH_SUM_PROTOCOL, codec, timeout, step, onBytes })
    this.#receiver = new Receiver(components, {
      timeout,
      longest,
      take: ({ peer, shard, values, bounds, weight }) => this.#take(shard, peer, values, bounds, weight),
      onServed: () => {
        counters.served += 1
      },
      onBytes,
    })
    this.answers = { [PUSH_SUM_PROTOCOL]: (channel, signal) => this.#receiver.answer(channel, signal) }
  }

  /** w of a shard: with its values the mass that this peer holds. */
  weight(shard: string): number {
    return this.#weights.get(shard) ?? 0
  }

  refuse(): void {
    this.#receiver.refuseOffers()
  }

  async exchange(shard: Shard, signal: AbortSignal): Promise<ExchangeResult> {
    if (this.weight(shard.name) < LEAST_WEIGHT) return { outcome: 'busy' }
    const partner = this.#choice.pick(shard.name)
    if (partner === undefined) return { outcome: 'no-partner' }
    const { outcome } = await this.#give(shard, partner, 1 / 2, signal)
    return { outcome, staleness: 0 }
  }

  /** Leaves what it has to a neighbour. */
  async end(signal: AbortSignal): Promise<void> {
    for (const shard of this.#shards) {
      for (let heir = 0; heir < HEIRS && !signal.aborted; heir++) {
        const partner = this.#choice.pick(shard.name)
        if (partner === undefined) break
        const { fate } = await this.#give(shard, partner, 1, signal)
        if (fate !== 'untaken') break
      }
    }
  }

  async #give(shard: Shard, partner: PeerId, fraction: number, signal: AbortSignal): Promise<Delivered> {
    const values = this.#given.subarray(0, shard.length)
    let given = 0
    const fill = async () => {
      const done = await this.#beginChange()
      try {
        await this.#parameters.snapshot(shard.offset, values)
        const mass = give(this.weight(shard.name), fraction)
        this.#weights.set(shard.name, mass.kept)
        given = mass.given
        return given
      } finally {
        done()
      }
    }
    const delivered = await this.#sender.deliver({ partner, shard: shard.name, values, fill }, signal)
    const { fate, outcome } = delivered
    if (outcome !== 'ok' && !HARMLESS.has(outcome)) this.#choice.failed(partner)
    // Whoever cannot be reached for so long is most likely gone, and what it took with it. Cut short, this peer goes too.
    if (given > 0 && fate !== 'taken' && !signal.aborted) await this.#takeBack(shard, partner, values, given)
    return delivered
  }

  async #takeBack(
    shard: Shard,
    partner: PeerId,
    values: Float32Array<SharedArrayBuffer>,
    given: number,
  ): Promise<void> {
    try {
      const taking = await this.#take(shard, partner, values, this.#noBounds, given)
      await taking.commit()
    } catch {
      // The trainer has failed, or has diverged since: there is nothing left that this could be added to.
    }
  }

  async #take(
    shard: Shard,
    peer: PeerId,
    values: Float32Array<SharedArrayBuffer>,
    bounds: Float32Array,
    given: number,
  ): Promise<Taking> {
    const done = await this.#beginChange()
    try {
      const own = this.#own.subarray(0, shard.length)
      const { step } = await this.#parameters.snapshot(shard.offset, own)
      const distance = await correctReceived(peer, values, own, bounds, this.#clock)
      return {
        abandon: done,
        commit: async () => {
          const before = this.weight(shard.name)
          const weight = pull(before, given)
          this.#weights.set(shard.name, before + given)
          try {
            // `values` is half of the way from the giver's to our own by now.
            const stamp = await this.#parameters.apply(shard.offset, values, -2 * weight)
            return { weight, distance, staleness: Math.max(0, stamp.step - step) }
          } finally {
            done()
          }
        },
      }
    } catch (error) {
      done()
      throw error
    }
  }

  async #beginChange(): Promise<() => void> {
    const before = this.#changing
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#changing = promise
    await before
    return resolve
  }
}
