import { isErrorCode } from '../../core/errors.ts'
import type { Shard } from '../../core/layout.ts'
import type { Channel, PeerId } from '../../network/transport.ts'
import type { AveragerComponents } from '../averager.ts'
import { boundsLength, type Codec } from '../compression/codec.ts'
import { codecs, isCodecId } from '../compression/codecs.ts'
import { receiveValues, sendValues } from '../compression/streaming.ts'
import { ExchangeRefused, failureOf } from '../failure.ts'
import type { Refusal } from '../pairing/protocol.ts'
import { settledDeadline } from '../pairing/settled-deadline.ts'
import { AnswerSlot } from '../streams/answer-slot.ts'
import { type DeliveryOffer, receiveDelivery, sendDelivery, type Taken } from './protocol.ts'
import { TakenDeliveries } from './taken-deliveries.ts'

/** Senders that may wait while another is answered. */
const WAITING_SENDERS = 3

/** Values that arrived and are not taken yet. */
export interface Arrival {
  peer: PeerId
  shard: Shard
  /** The receiver's to overwrite. */
  values: Float32Array<SharedArrayBuffer>
  /** What is not known of them, by the codec. */
  bounds: Float32Array
  weight: number
  /** Local steps that the sender had finished. */
  step: number
}

/** Values that are about to be taken: either of the two is called, once. */
export interface Taking {
  /** Takes them, all of them; `inReturn` is sent back. Begins at once and cannot be undone. */
  commit(): Promise<{ weight: number; distance: number; staleness: number; inReturn?: Float32Array }>
  abandon(): void
}

export interface ReceiverInit {
  /** Milliseconds for a delivery. */
  timeout: number
  /** Values of the longest shard. */
  longest: number
  /** Why an offer is refused, if it is. */
  refuses?(peer: PeerId): Refusal | undefined
  /** @throws MurmurError `VALUES_INVALID`, `MESSAGE_INVALID` for values that cannot be taken */
  take(arrival: Arrival): Promise<Taking>
  onServed(): void
  onBytes(channel: Channel): void
}

/** Takes deliveries, one at a time, and remembers for long enough which ones it took. */
export class Receiver {
  readonly #components: AveragerComponents
  readonly #init: ReceiverInit
  readonly #slot: AnswerSlot
  readonly #taken: TakenDeliveries
  /** The delivery whose values are arriving; void once its sender asked and was told that they are not taken. */
  #underway: { peer: PeerId; id: string; void: boolean } | undefined
  readonly #values: Float32Array<SharedArrayBuffer>
  readonly #bounds: Float32Array
  #refusing = false

  constructor(components: AveragerComponents, init: ReceiverInit) {
    this.#components = components
    this.#init = init
    this.#slot = new AnswerSlot(components.clock, WAITING_SENDERS)
    this.#taken = new TakenDeliveries(components.clock, 2 * init.timeout)
    this.#values = components.parameters.allocate(init.longest)
    this.#bounds = components.parameters.allocate(boundsLength(init.longest))
  }

  /** Accepts nothing new, but says what became of what came before. */
  refuseOffers(): void {
    this.#refusing = true
  }

  /** Answers one stream; failures end it and are recorded, nothing is thrown. */
  async answer(channel: Channel, signal: AbortSignal): Promise<void> {
    const { clock } = this.#components
    try {
      await settledDeadline(clock, this.#init.timeout, 'a delivery', signal, async inner => {
        const first = await receiveDelivery(channel, ['offer', 'ask'], inner)
        if (first.type === 'ask') await this.#answerQuestion(channel, first.id, inner)
        else await this.#answerOffer(channel, first, inner)
      })
    } catch (error) {
      channel.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#init.onBytes(channel)
    }
  }

  async #answerQuestion(channel: Channel, id: string, signal: AbortSignal): Promise<void> {
    const taken = this.#taken.find(channel.peer, id)
    const underway = this.#underway
    if (!taken && underway?.peer === channel.peer && underway.id === id) underway.void = true
    await sendDelivery(channel, taken ? await taken : { type: 'untaken' }, signal)
  }

  async #answerOffer(channel: Channel, offer: DeliveryOffer, signal: AbortSignal): Promise<void> {
    const begun = this.#components.clock.now()
    const report = { weight: 0, staleness: 0, distance: 0 }
    const record = (outcome: 'ok' | ReturnType<typeof failureOf>) =>
      this.#components.telemetry.record({
        type: 'exchange',
        role: 'responder',
        id: offer.id,
        partner: channel.peer,
        shard: offer.shard,
        outcome,
        ...report,
        bytesSent: channel.bytesSent,
        bytesReceived: channel.bytesReceived,
        ms: this.#components.clock.now() - begun,
      })
    try {
      await this.#receive(channel, offer, report, signal)
      record('ok')
    } catch (error) {
      record(failureOf(error))
      if (!(error instanceof ExchangeRefused)) throw error
    }
  }

  async #receive(channel: Channel, offer: DeliveryOffer, report: Report, signal: AbortSignal): Promise<void> {
    const { peer } = channel
    if (this.#refusing) return await this.#refuse(channel, 'cancelled', signal)
    const accepted = this.#accept(offer)
    if (!accepted) return await this.#refuse(channel, 'mismatch', signal)
    const reason = this.#init.refuses?.(peer)
    if (reason) return await this.#refuse(channel, reason, signal)
    if (this.#taken.find(peer, offer.id)) return await this.#refuse(channel, 'invalid', signal)
    if (!this.#slot.admits(peer, false)) return await this.#refuse(channel, 'busy', signal)
    const leave = await this.#slot.enter(peer, false, this.#init.timeout / 2, signal).catch(async (error: unknown) => {
      signal.throwIfAborted()
      if (isErrorCode(error, 'TIMED_OUT')) return await this.#refuse(channel, 'busy', signal)
      throw error
    })
    const underway = { peer, id: offer.id, void: false }
    this.#underway = underway
    try {
      const taking = await this.#fetch(channel, offer, accepted, signal)
      if (underway.void || signal.aborted) {
        taking.abandon()
        throw new ExchangeRefused('timed-out')
      }
      const committed = taking.commit()
      const taken = committed.then(({ weight, distance }): Taken => ({ type: 'taken', weight, distance }))
      this.#taken.remember(peer, offer.id, taken)
      const { inReturn, ...rest } = await committed
      Object.assign(report, rest)
      this.#init.onServed()
      // An answer that is lost is asked for again, on a new stream.
      const answered = sendDelivery(channel, await taken, signal)
      if (inReturn) {
        await answered
        await sendValues(channel, accepted.codec, inReturn, this.#components.clock, signal)
      } else await answered.catch(() => {})
    } finally {
      this.#underway = undefined
      leave()
    }
  }

  #accept(offer: DeliveryOffer): Accepted | undefined {
    if (offer.run !== this.#components.run || !isCodecId(offer.codec)) return undefined
    const shard = this.#components.shards.find(({ name }) => name === offer.shard)
    return shard?.length === offer.length ? { shard, codec: codecs[offer.codec] } : undefined
  }

  async #fetch(
    channel: Channel,
    { step }: DeliveryOffer,
    { shard, codec }: Accepted,
    signal: AbortSignal,
  ): Promise<Taking> {
    const { peer } = channel
    const values = this.#values.subarray(0, shard.length)
    await sendDelivery(channel, { type: 'ready' }, signal)
    try {
      const { weight } = await receiveDelivery(channel, ['values'], signal)
      await receiveValues(channel, codec, values, signal, this.#bounds)
      return await this.#init.take({ peer, shard, values, bounds: this.#bounds, weight, step })
    } catch (error) {
      const reason = failureOf(error)
      if (reason === 'not-finite' || reason === 'invalid') return await this.#refuse(channel, reason, signal)
      throw error
    }
  }

  async #refuse(channel: Channel, reason: Refusal, signal: AbortSignal): Promise<never> {
    await sendDelivery(channel, { type: 'refused', reason }, signal)
    throw new ExchangeRefused(reason)
  }
}

interface Accepted {
  shard: Shard
  codec: Codec
}

interface Report {
  weight: number
  staleness: number
  distance: number
}
