import { MurmurError } from '../../core/errors.ts'
import { invalidOption } from '../../core/invalid-option.ts'
import type { Shard } from '../../core/layout.ts'
import { type StalenessInit, stalenessPolicy } from '../aggregation/staleness.ts'
import {
  type Averager,
  type AveragerComponents,
  type AveragerFactory,
  countOutcome,
  countStaleness,
  type ExchangeOutcome,
  zeroCounters,
} from '../averager.ts'
import type { CodecId } from '../compression/codecs.ts'
import { Initiator } from '../pairing/initiator.ts'
import { AVERAGE_PROTOCOL } from '../pairing/protocol.ts'
import { Responder } from '../pairing/responder.ts'
import { type PartnerChoice, randomPartner } from '../topology/random-partner.ts'
import { dueShards } from './schedule.ts'

export interface PairwiseGossipInit {
  /** Local steps between two exchanges of a shard. Must be an integer >= 1. @default 20 */
  every?: number
  /** How values go over the wire. @default 'int8' */
  codec?: CodecId
  /** What becomes of deltas that arrive late. @default { policy: 'none' } */
  staleness?: StalenessInit
  /** Seconds for one exchange. Must be > 0. @default 15 */
  timeout?: number
}

/**
 * Asynchronous pairwise gossip (AD-PSGD, Lian et al. 2018, arXiv:1710.06952) by the single-delta rule: a pair agrees on
 * one quantised delta d and a weight w; the initiator adds w d and the responder subtracts it, each between two of its
 * own steps. Whatever the codec, the staleness and the steps made meanwhile, the sum over both is unchanged.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function pairwiseGossip(init: PairwiseGossipInit = {}): AveragerFactory {
  const { every = 20, timeout = 15 } = init
  if (!Number.isInteger(every) || every < 1) throw invalidOption('every', 'an integer >= 1', every)
  if (!(timeout > 0 && timeout < Infinity)) throw invalidOption('timeout', 'a number of seconds > 0', timeout)
  const policy = stalenessPolicy(init.staleness ?? { policy: 'none' })
  return components =>
    new PairwiseGossip(components, { every, timeout: timeout * 1000, policy, codec: init.codec ?? 'int8' })
}

interface Settings {
  every: number
  /** Milliseconds. */
  timeout: number
  policy: ReturnType<typeof stalenessPolicy>
  codec: CodecId
}

class PairwiseGossip implements Averager {
  readonly hosts: readonly string[]
  readonly counters = zeroCounters()
  readonly #components: AveragerComponents
  readonly #every: number
  readonly #initiator: Initiator
  readonly #responder: Responder
  readonly #partner: PartnerChoice
  /** Shards that wait for their exchange, in order. */
  readonly #waiting = new Map<string, PromiseWithResolvers<ExchangeOutcome>>()
  readonly #answering = new Set<Promise<void>>()
  readonly #cut = new AbortController()
  #working: Promise<void> | undefined
  /** Local steps finished, as last told. */
  #step: number | undefined
  #stopping = false

  constructor(components: AveragerComponents, settings: Settings) {
    this.hosts = components.shards.map(shard => shard.name)
    this.#components = components
    this.#every = settings.every
    const shared = {
      timeout: settings.timeout,
      policy: settings.policy,
      step: () => this.#step ?? 0,
      onBytes: (channel: { bytesSent: number; bytesReceived: number }) => {
        this.counters.bytesSent += channel.bytesSent
        this.counters.bytesReceived += channel.bytesReceived
      },
    }
    this.#initiator = new Initiator(components, { ...shared, codec: settings.codec })
    this.#responder = new Responder(components, {
      ...shared,
      onServed: () => {
        this.counters.served += 1
      },
    })
    this.#partner = randomPartner()(components)
  }

  async start(): Promise<void> {
    await this.#components.transport.handle(AVERAGE_PROTOCOL, async (channel, signal) => {
      const answering = this.#responder.answer(channel, AbortSignal.any([signal, this.#cut.signal]))
      this.#answering.add(answering)
      await answering.finally(() => this.#answering.delete(answering))
    })
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true
    this.#responder.refuseOffers()
    for (const waiting of this.#waiting.values()) waiting.resolve('cancelled')
    this.#waiting.clear()
    const cut = () => {
      this.#cut.abort(new MurmurError({ code: 'CANCELLED', message: 'this peer is stopping', cause: signal.reason }))
    }
    if (signal.aborted) cut()
    else signal.addEventListener('abort', cut, { once: true })
    await Promise.allSettled([this.#working, ...this.#answering])
    signal.removeEventListener('abort', cut)
    this.#responder.clear()
  }

  onStep(step: number): void {
    this.#responder.prune()
    // Steps may be told in bunches; never look back further than one period.
    const from = Math.max((this.#step ?? step - 1) + 1, step - this.#every + 1)
    this.#step = step
    for (let s = from; s <= step; s++) {
      for (const k of dueShards(s, this.#every, this.hosts.length)) {
        const shard = this.hosts[k]!
        if (this.#waiting.has(shard)) this.counters.skipped += 1
        else void this.exchange(shard)
      }
    }
  }

  exchange(name: string): Promise<ExchangeOutcome> {
    if (this.#stopping) return Promise.resolve('cancelled')
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
      const outcome = await this.#exchangeNow(shard)
      countOutcome(this.counters, outcome)
      waiting.resolve(outcome)
    }
    // Together with the loop's last look at the queue: whoever queues after this begins anew.
    this.#working = undefined
  }

  async #exchangeNow(shard: Shard): Promise<ExchangeOutcome> {
    const partner = this.#partner.pick(this.#components.partners(shard.name))
    if (partner === undefined) return 'no-partner'
    const { outcome, staleness } = await this.#initiator.exchange(shard, partner, this.#cut.signal)
    if (outcome === 'ok') {
      countStaleness(this.counters, staleness)
    } else if (!HARMLESS.has(outcome)) {
      this.#partner.failed(partner)
    }
    return outcome
  }
}

/** Failures that say nothing against the partner. */
const HARMLESS: ReadonlySet<ExchangeOutcome> = new Set(['busy', 'too-stale', 'cancelled'])
