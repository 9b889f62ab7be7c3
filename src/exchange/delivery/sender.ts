import { type Random, uuid } from '../../core/random.ts'
import type { Channel, PeerId } from '../../network/transport.ts'
import type { AveragerComponents, ExchangeOutcome } from '../averager.ts'
import { type CodecId, codecs } from '../compression/codecs.ts'
import { receiveValues, sendValues } from '../compression/streaming.ts'
import { ExchangeRefused, failureOf } from '../failure.ts'
import { askAgain, onStream } from '../streams/outgoing.ts'
import { deliveryOffer, receiveDelivery, sendDelivery, type Taken } from './protocol.ts'

export interface SenderInit {
  protocol: string
  codec: CodecId
  /** Milliseconds for a delivery, and again for asking what became of it. */
  timeout: number
  /** Local steps finished. */
  step(): number
  onBytes(channel: Channel): void
}

/** What is to be delivered. */
export interface Parcel {
  partner: PeerId
  shard: string
  values: Float32Array<SharedArrayBuffer>
  /** Puts into `values` what they are now; the receiver is ready. Returns what they weigh. */
  fill(): Promise<number>
  /** Filled with what comes in return, decoded. */
  inReturn?: { values: Float32Array<SharedArrayBuffer>; bounds: Float32Array }
}

/**
 * What became of the values: `taken` once, or not and never will be (`untaken`); `in-doubt` if the receiver could not be
 * asked for a whole timeout.
 */
type Fate = 'taken' | 'untaken' | 'in-doubt'

export interface Delivered {
  fate: Fate
  /** Where values come in return, 'ok' means that they came. */
  outcome: ExchangeOutcome
}

interface Attempt {
  id: string
  parcel: Parcel
  /** Whether the receiver may have the values. */
  sent: boolean
  taken: Taken | undefined
  bytesSent: number
  bytesReceived: number
}

type SenderComponents = Pick<AveragerComponents, 'clock' | 'transport' | 'run' | 'random' | 'telemetry'>

/** Delivers values, each parcel once at most, and finds out whether it was taken. */
export class Sender {
  readonly #components: SenderComponents
  readonly #init: SenderInit
  readonly #ids: Random

  constructor(components: SenderComponents, init: SenderInit) {
    this.#components = components
    this.#init = init
    this.#ids = components.random.fork('delivery ids').fork(components.clock.date())
  }

  /** Never rejects; touches the parcel's vectors no more once it has resolved. */
  async deliver(parcel: Parcel, signal: AbortSignal): Promise<Delivered> {
    const { clock } = this.#components
    const begun = clock.now()
    const attempt: Attempt = {
      id: uuid(this.#ids),
      parcel,
      sent: false,
      taken: undefined,
      bytesSent: 0,
      bytesReceived: 0,
    }
    let result: Delivered
    try {
      await this.#onStream(attempt, signal, this.#init.timeout, (channel, inner) =>
        this.#converse(channel, attempt, inner),
      )
      result = { fate: 'taken', outcome: 'ok' }
    } catch (error) {
      result = await this.#settle(attempt, error, signal)
    }
    this.#record(attempt, result.outcome, clock.now() - begun)
    return result
  }

  async #converse(channel: Channel, attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { run, clock } = this.#components
    const { id, parcel } = attempt
    const { shard, values, inReturn } = parcel
    const { codec, step } = this.#init
    await sendDelivery(channel, deliveryOffer({ run, id, shard, length: values.length, codec, step: step() }), signal)
    refuseIfRefused(await receiveDelivery(channel, ['ready', 'refused'], signal))
    signal.throwIfAborted()
    const weight = await parcel.fill()
    attempt.sent = true
    await sendDelivery(channel, { type: 'values', weight }, signal)
    await sendValues(channel, codecs[codec], values, clock, signal)
    attempt.taken = refuseIfRefused(await receiveDelivery(channel, ['taken', 'refused'], signal))
    if (inReturn) await receiveValues(channel, codecs[codec], inReturn.values, signal, inReturn.bounds)
  }

  /** Finds out what became of a delivery that did not end well. */
  async #settle(attempt: Attempt, error: unknown, signal: AbortSignal): Promise<Delivered> {
    const outcome = failureOf(error)
    if (attempt.taken) return { fate: 'taken', outcome }
    if (!attempt.sent || error instanceof ExchangeRefused) return { fate: 'untaken', outcome }
    try {
      const answer = await askAgain(this.#components.clock, this.#init.timeout, error, signal, ms =>
        this.#onStream(attempt, signal, ms, (channel, inner) => this.#ask(channel, attempt, inner)),
      )
      if (answer.type === 'untaken') return { fate: 'untaken', outcome }
      attempt.taken = answer
      return { fate: 'taken', outcome: attempt.parcel.inReturn ? outcome : 'ok' }
    } catch {
      this.#components.telemetry.record({
        type: 'warning',
        reason: 'delivery-in-doubt',
        message: `Peer ${attempt.parcel.partner} did not say whether it took delivery ${attempt.id}`,
      })
      return { fate: 'in-doubt', outcome }
    }
  }

  async #ask(channel: Channel, { id }: Attempt, signal: AbortSignal): Promise<Taken | { type: 'untaken' }> {
    await sendDelivery(channel, { type: 'ask', id }, signal)
    return await receiveDelivery(channel, ['taken', 'untaken'], signal)
  }

  async #onStream<T>(
    attempt: Attempt,
    signal: AbortSignal,
    timeout: number,
    task: (channel: Channel, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const onEnd = (channel: Channel) => {
      attempt.bytesSent += channel.bytesSent
      attempt.bytesReceived += channel.bytesReceived
      this.#init.onBytes(channel)
    }
    const { protocol } = this.#init
    return await onStream(this.#components, { partner: attempt.parcel.partner, protocol, timeout, onEnd }, signal, task)
  }

  #record({ id, parcel, taken, bytesSent, bytesReceived }: Attempt, outcome: ExchangeOutcome, ms: number): void {
    this.#components.telemetry.record({
      type: 'exchange',
      role: 'initiator',
      id,
      partner: parcel.partner,
      shard: parcel.shard,
      outcome,
      staleness: 0,
      weight: taken?.weight ?? 0,
      distance: taken?.distance ?? 0,
      bytesSent,
      bytesReceived,
      ms,
    })
  }
}

/** @throws ExchangeRefused */
function refuseIfRefused<M extends { type: string }>(
  answer: M | { type: 'refused'; reason: ExchangeRefused['reason'] },
): Exclude<M, { type: 'refused' }> {
  if (answer.type === 'refused') throw new ExchangeRefused((answer as { reason: ExchangeRefused['reason'] }).reason)
  return answer as Exclude<M, { type: 'refused' }>
}
