import { isErrorCode } from '../../core/errors.ts'
import type { Channel } from '../../network/transport.ts'
import type { StalenessPolicy } from '../aggregation/staleness.ts'
import type { AveragerComponents } from '../averager.ts'
import { boundsLength, type Codec } from '../compression/codec.ts'
import { type CodecId, codecs } from '../compression/codecs.ts'
import { paced, receiveValues } from '../compression/streaming.ts'
import { ExchangeRefused, failureOf } from '../failure.ts'
import { AnswerSlot } from '../streams/answer-slot.ts'
import { correctReceived } from './correct-received.ts'
import { type PreparedDelta, PreparedDeltas } from './prepared-deltas.ts'
import {
  type AverageMessage,
  type Offer,
  type Refusal,
  receiveMessage,
  sendMessage,
  speaksOurVersion,
} from './protocol.ts'
import { settledDeadline } from './settled-deadline.ts'
import type { View } from './view.ts'

/** Partners that may wait while another is answered. */
const WAITING_PARTNERS = 3

export interface ResponderInit {
  /** Largest number of values of an exchange. */
  longest: number
  /** What an offer is about, or undefined if there is no such thing here. */
  find(offer: Pick<Offer, 'shard' | 'draw'>): View | undefined
  /** Milliseconds for each exchange. */
  timeout: number
  policy: StalenessPolicy
  /** Local steps finished. */
  step(): number
  onServed(): void
  onBytes(channel: Channel): void
}

/**
 * Answers exchanges: computes the delta, keeps it prepared, and applies it when, and only when, its initiator commits.
 * The moment this side turns prepared into committed is the moment the exchange happened; the initiator follows.
 */
export class Responder {
  readonly #components: AveragerComponents
  readonly #init: ResponderInit
  readonly #slot: AnswerSlot
  readonly #deltas: PreparedDeltas
  /** The partner's values, then the delta. */
  readonly #received: Float32Array<SharedArrayBuffer>
  /** This peer's values, then the decoded delta. */
  readonly #own: Float32Array<SharedArrayBuffer>
  readonly #bounds: Float32Array
  #refusing = false

  constructor(components: AveragerComponents, init: ResponderInit) {
    this.#components = components
    this.#init = init
    this.#slot = new AnswerSlot(components.clock, WAITING_PARTNERS)
    this.#deltas = new PreparedDeltas(components.clock, 2 * init.timeout)
    this.#received = components.parameters.allocate(init.longest)
    this.#own = components.parameters.allocate(init.longest)
    this.#bounds = components.parameters.allocate(boundsLength(init.longest))
  }

  /** Answers one stream; failures end it and are recorded, nothing is thrown. */
  async answer(channel: Channel, signal: AbortSignal): Promise<void> {
    const { clock } = this.#components
    try {
      await settledDeadline(clock, this.#init.timeout, 'an exchange', signal, async inner => {
        const first = await receiveMessage(channel, ['offer', 'commit'], inner)
        if (first.type === 'commit') await this.#answerCommit(channel, first.id, first.weight, inner)
        else await this.#answerOffer(channel, first, inner)
      })
    } catch (error) {
      channel.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#init.onBytes(channel)
    }
  }

  /** Drops deltas whose initiator never came back. */
  prune(): void {
    this.#deltas.prune()
  }

  /** Finishes what is under way and what is prepared, but accepts nothing new. */
  refuseOffers(): void {
    this.#refusing = true
  }

  /** Drops every delta that is not committed: nothing will be applied any more. */
  clear(): void {
    this.#deltas.clear()
  }

  async #answerOffer(channel: Channel, offer: Offer, signal: AbortSignal): Promise<void> {
    const begun = this.#components.clock.now()
    const report = { weight: 0, staleness: 0, distance: 0 }
    try {
      await this.#exchange(channel, offer, report, signal)
      this.#record('ok', channel, offer, begun, report)
    } catch (error) {
      this.#record(failureOf(error), channel, offer, begun, report)
      if (!(error instanceof ExchangeRefused)) throw error
    }
  }

  async #exchange(channel: Channel, offer: Offer, report: Report, signal: AbortSignal): Promise<void> {
    const { peer } = channel
    if (this.#refusing) return await this.#refuse(channel, 'cancelled', signal)
    const accepted = this.#accept(offer)
    if (!accepted) return await this.#refuse(channel, 'mismatch', signal)
    if (!this.#deltas.hasRoomFor(peer) || !this.#slot.admits(peer, false)) {
      return await this.#refuse(channel, 'busy', signal)
    }
    const leave = await this.#slot.enter(peer, false, this.#init.timeout / 2, signal).catch(async (error: unknown) => {
      signal.throwIfAborted()
      if (isErrorCode(error, 'TIMED_OUT')) return await this.#refuse(channel, 'busy', signal)
      throw error
    })
    try {
      await sendMessage(channel, { type: 'ready' }, signal)
      const delta = await this.#prepare(channel, offer, accepted, signal)
      report.distance = delta.distance
      const next = await receiveMessage(channel, ['commit', 'abort'], signal)
      if (next.type === 'abort') {
        this.#deltas.take(peer, offer.id)
        throw new ExchangeRefused('too-stale')
      }
      if (next.id !== offer.id) return await this.#refuse(channel, 'invalid', signal)
      report.staleness = this.#init.step() - delta.step
      const decoded = this.#own.subarray(0, delta.view.length) // ours while we hold the slot
      const answer = await this.#commit(peer, next.id, next.weight, decoded)
      // An answer that is lost is asked for again, on a new stream.
      await sendMessage(channel, answer, signal).catch(() => {})
      if (answer.type === 'committed') report.weight = answer.weight
      else throw new ExchangeRefused('too-stale')
    } finally {
      leave()
    }
  }

  #accept(offer: Offer): Accepted | undefined {
    if (!speaksOurVersion(offer) || offer.run !== this.#components.run) return undefined
    const view = this.#init.find(offer)
    const codec = Object.hasOwn(codecs, offer.codec) ? codecs[offer.codec as CodecId] : undefined
    return view && codec && view.length === offer.length ? { view, codec } : undefined
  }

  /**
   * Receives the partner's values and answers with the delta, which is kept under the offer's id and left decoded in
   * `#own`.
   */
  async #prepare(
    channel: Channel,
    offer: Offer,
    { view, codec }: Accepted,
    signal: AbortSignal,
  ): Promise<PreparedDelta> {
    const { peer } = channel
    const received = this.#received.subarray(0, view.length)
    const own = this.#own.subarray(0, view.length)
    let step: number
    let distance: number
    try {
      await receiveValues(channel, codec, received, signal, this.#bounds)
      step = (await view.snapshot(own)).step
      distance = await correctReceived(peer, received, own, this.#bounds, this.#components.clock)
    } catch (error) {
      if (failureOf(error) === 'not-finite') return await this.#refuse(channel, 'not-finite', signal)
      throw error
    }
    const chunks: Uint8Array[] = []
    const delta = { peer, id: offer.id, view, codec, chunks, step, distance }
    await sendMessage(channel, { type: 'prepared' }, signal)
    // What the partner will decode, and so what is applied here: decoded while the network is busy, over values that
    // are needed no more.
    const decoder = codec.decoder(own)
    const keep = (chunk: Uint8Array) => {
      chunks.push(chunk)
      decoder.write(chunk)
    }
    const prepare = () => {
      decoder.end()
      this.#deltas.prepare(delta)
    }
    await channel.sendBulk(paced(kept(codec.encode(received), keep, prepare), this.#components.clock), signal)
    return delta
  }

  /** A commit on a stream of its own: the answer to the first one was lost, or the first one was. */
  async #answerCommit(channel: Channel, id: string, weight: number, signal: AbortSignal): Promise<void> {
    const { peer } = channel
    const before = this.#deltas.committed(peer, id)
    if (before) return await sendMessage(channel, { type: 'committed', weight: await before }, signal)
    if (!this.#slot.admits(peer, true)) return await sendMessage(channel, { type: 'refused', reason: 'busy' }, signal)
    const leave = await this.#slot.enter(peer, true, this.#init.timeout, signal)
    try {
      await sendMessage(channel, await this.#commit(peer, id, weight), signal)
    } finally {
      leave()
    }
  }

  /** Applies a prepared delta, once. The caller holds the slot. */
  async #commit(
    peer: string,
    id: string,
    asked: number,
    decoded?: Float32Array<SharedArrayBuffer>,
  ): Promise<AverageMessage> {
    const before = this.#deltas.committed(peer, id)
    if (before) return { type: 'committed', weight: await before }
    const delta = this.#deltas.take(peer, id)
    if (!delta) return this.#unknown(peer, id)
    const allowed = this.#init.policy(Math.max(0, this.#init.step() - delta.step))
    if (allowed === undefined) return { type: 'refused', reason: 'too-stale' }
    const applied = this.#apply(delta, Math.min(asked, allowed), decoded)
    this.#deltas.committing(peer, id, applied)
    return { type: 'committed', weight: await applied }
  }

  async #apply(delta: PreparedDelta, weight: number, decoded?: Float32Array<SharedArrayBuffer>): Promise<number> {
    await delta.view.apply(decoded ?? (await this.#decode(delta)), -weight)
    this.#init.onServed()
    return weight
  }

  async #decode({ view, codec, chunks }: PreparedDelta): Promise<Float32Array<SharedArrayBuffer>> {
    const values = this.#own.subarray(0, view.length)
    const decoder = codec.decoder(values)
    for await (const chunk of paced(chunks, this.#components.clock)) decoder.write(chunk)
    decoder.end()
    return values
  }

  #unknown(peer: string, id: string): AverageMessage {
    this.#components.telemetry.record({
      type: 'warning',
      reason: 'commit-unknown',
      message: `Peer ${peer} committed exchange ${id}, which is not prepared here: neither side applies it`,
    })
    return { type: 'unknown' }
  }

  async #refuse(channel: Channel, reason: Refusal, signal: AbortSignal): Promise<never> {
    await sendMessage(channel, { type: 'refused', reason }, signal)
    throw new ExchangeRefused(reason)
  }

  #record(
    outcome: 'ok' | ReturnType<typeof failureOf>,
    channel: Channel,
    offer: Offer,
    begun: number,
    report: Report,
  ): void {
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
  }
}

/** What an offer is about, and how it is encoded. */
interface Accepted {
  view: View
  codec: Codec
}

interface Report {
  weight: number
  staleness: number
  distance: number
}

/** Keeps what passes, and says when all is kept: before the last chunk leaves, for whoever has it may commit. */
function* kept(
  chunks: Iterable<Uint8Array>,
  keep: (chunk: Uint8Array) => void,
  complete: () => void,
): Generator<Uint8Array> {
  let held: Uint8Array | undefined
  for (const chunk of chunks) {
    if (held) yield held
    keep(chunk)
    held = chunk
  }
  complete()
  if (held) yield held
}
