import type { Clock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import { type Random, uuid } from '../../core/random.ts'
import { sumOfSquares } from '../../core/vector.ts'
import type { Channel, PeerId } from '../../network/transport.ts'
import type { StalenessPolicy } from '../aggregation/staleness.ts'
import type { AveragerComponents, ExchangeOutcome } from '../averager.ts'
import { type CodecId, codecs } from '../compression/codecs.ts'
import { receiveValues, sendValues } from '../compression/streaming.ts'
import { ExchangeRefused, failureOf } from '../failure.ts'
import { askAgain, onStream } from '../streams/outgoing.ts'
import { requirePlausible } from './plausible.ts'
import { AVERAGE_PROTOCOL, offerOf, receiveMessage, sendMessage } from './protocol.ts'
import type { View } from './view.ts'

/** Values between two turns of the event loop. */
const SLICE = 256 * 1024

export interface InitiatorInit {
  /** Largest number of values of an exchange. */
  longest: number
  codec: CodecId
  /** Milliseconds for an exchange until its commit is answered, and again for asking what became of it. */
  timeout: number
  policy: StalenessPolicy
  /** Local steps finished. */
  step(): number
  onBytes(channel: Channel): void
}

export interface InitiatedExchange {
  outcome: ExchangeOutcome
  staleness: number
}

/** One exchange under way, filled in as it goes. */
interface Attempt {
  id: string
  partner: PeerId
  view: View
  /** Local steps finished before the snapshot. */
  step: number
  /** The weight asked for, once a commit may have left. Whether it was applied is known to the responder alone. */
  asked?: number
  weight: number
  staleness: number
  distance: number
  bytesSent: number
  bytesReceived: number
}

/**
 * Leads exchanges, one at a time: offers this peer's values, receives the delta, asks the partner to apply its half
 * and, once it has, applies its own. The order matters: see docs/averaging.md.
 */
export class Initiator {
  readonly #components: AveragerComponents
  readonly #init: InitiatorInit
  /** This peer's values while they are sent, then the delta. */
  readonly #values: Float32Array<SharedArrayBuffer>
  readonly #ids: Random

  constructor(components: AveragerComponents, init: InitiatorInit) {
    this.#components = components
    this.#init = init
    this.#values = components.parameters.allocate(init.longest)
    // A partner may still remember the ids of this peer's earlier life: another life, another date, other ids.
    this.#ids = components.random.fork('exchange ids').fork(components.clock.date())
  }

  /** Never throws; touches no buffer once it has resolved. */
  async exchange(view: View, partner: PeerId, signal: AbortSignal): Promise<InitiatedExchange> {
    const { clock, telemetry } = this.#components
    const begun = clock.now()
    const attempt: Attempt = {
      id: uuid(this.#ids),
      partner,
      view,
      step: 0,
      weight: 0,
      staleness: 0,
      distance: 0,
      bytesSent: 0,
      bytesReceived: 0,
    }
    let outcome: ExchangeOutcome
    try {
      await this.#run(attempt, signal)
      outcome = 'ok'
    } catch (error) {
      outcome = failureOf(error)
    }
    const { id, weight, staleness, distance, bytesSent, bytesReceived } = attempt
    telemetry.record({
      type: 'exchange',
      role: 'initiator',
      id,
      partner,
      shard: view.shard,
      outcome,
      staleness,
      weight,
      distance,
      bytesSent,
      bytesReceived,
      ms: clock.now() - begun,
    })
    return { outcome, staleness }
  }

  async #run(attempt: Attempt, signal: AbortSignal): Promise<void> {
    const weight = await this.#onStream(attempt, signal, this.#init.timeout, (channel, inner) =>
      this.#converse(channel, attempt, inner),
    ).catch(async (error: unknown) => {
      if (attempt.asked === undefined || error instanceof ExchangeRefused) throw error
      return await this.#settle(attempt, attempt.asked, signal, error)
    })
    const delta = this.#values.subarray(0, attempt.view.length)
    const { step } = await attempt.view.apply(delta, weight)
    attempt.weight = weight
    attempt.staleness = step - attempt.step
  }

  /** Everything up to the answer to the commit. Returns the weight that the responder applied. */
  async #converse(channel: Channel, attempt: Attempt, signal: AbortSignal): Promise<number> {
    const { run, clock } = this.#components
    const { id, view } = attempt
    const { shard, draw, length } = view
    const values = this.#values.subarray(0, length)
    const codec = codecs[this.#init.codec]
    const offer = offerOf({ run, id, shard, draw, length, codec: this.#init.codec })
    await sendMessage(channel, offer, signal)
    accepted(await receiveMessage(channel, ['ready', 'refused'], signal))
    attempt.step = (await view.snapshot(values)).step
    const size = await rootMeanSquare(values, clock)
    await sendValues(channel, codec, values, clock, signal)
    accepted(await receiveMessage(channel, ['prepared', 'refused'], signal))
    await receiveValues(channel, codec, values, signal)
    attempt.distance = 2 * (await rootMeanSquare(values, clock))
    requirePlausible(`peer ${attempt.partner}`, attempt.distance, size)
    attempt.staleness = Math.max(0, this.#init.step() - attempt.step)
    const weight = this.#init.policy(attempt.staleness)
    if (weight === undefined) {
      await sendMessage(channel, { type: 'abort' }, signal)
      throw new ExchangeRefused('too-stale')
    }
    signal.throwIfAborted() // the last moment at which nothing has happened yet
    attempt.asked = weight
    return await this.#commit(channel, attempt, weight, signal)
  }

  async #commit(channel: Channel, attempt: Attempt, weight: number, signal: AbortSignal): Promise<number> {
    await sendMessage(channel, { type: 'commit', id: attempt.id, weight }, signal)
    const answer = await receiveMessage(channel, ['committed', 'unknown', 'refused'], signal)
    if (answer.type === 'unknown') throw new ExchangeRefused('timed-out') // the delta expired: nobody applied it
    if (answer.type === 'committed' && answer.weight <= weight) return answer.weight
    if (answer.type === 'refused' && answer.reason !== 'busy') throw new ExchangeRefused(answer.reason)
    throw new MurmurError({
      code: 'MESSAGE_INVALID',
      message: `Expected peer ${attempt.partner} to answer a commit of weight ${weight}`,
      details: { answer },
    })
  }

  /** Asks again on new streams until the responder says what became of the commit, or time is up. */
  async #settle(attempt: Attempt, weight: number, signal: AbortSignal, cause: unknown): Promise<number> {
    const { clock, telemetry } = this.#components
    try {
      return await askAgain(clock, this.#init.timeout, cause, signal, ms =>
        this.#onStream(attempt, signal, ms, (channel, inner) => this.#commit(channel, attempt, weight, inner)),
      )
    } catch (error) {
      if (!(error instanceof ExchangeRefused)) {
        telemetry.record({
          type: 'warning',
          reason: 'commit-in-doubt',
          message: `Peer ${attempt.partner} did not say whether it applied exchange ${attempt.id}: not applied here`,
        })
      }
      throw error
    }
  }

  async #onStream<T>(
    attempt: Attempt,
    signal: AbortSignal,
    timeout: number,
    task: (channel: Channel, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { partner } = attempt
    const onEnd = (channel: Channel) => {
      attempt.bytesSent += channel.bytesSent
      attempt.bytesReceived += channel.bytesReceived
      this.#init.onBytes(channel)
    }
    return await onStream(this.#components, { partner, protocol: AVERAGE_PROTOCOL, timeout, onEnd }, signal, task)
  }
}

/** @throws ExchangeRefused */
function accepted(
  answer: { type: 'ready' | 'prepared' } | { type: 'refused'; reason: ExchangeRefused['reason'] },
): void {
  if (answer.type === 'refused') throw new ExchangeRefused(answer.reason)
}

async function rootMeanSquare(values: Float32Array, clock: Clock): Promise<number> {
  let squares = 0
  for (let at = 0; at < values.length; at += SLICE) {
    squares += sumOfSquares(values.subarray(at, at + SLICE))
    await clock.turn()
  }
  return Math.sqrt(squares / Math.max(1, values.length))
}
