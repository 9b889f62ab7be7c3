import { abortable } from '../../core/abortable.ts'
import type { Clock } from '../../core/clock.ts'
import { isErrorCode, MurmurError } from '../../core/errors.ts'
import type { Channel, PeerId, Transport } from '../../network/transport.ts'
import { paced } from '../compression/streaming.ts'
import type { WireFormat } from '../compression/wire-format.ts'
import { LETTER_PROTOCOL, type LetterHead, receiveAnswer, sendHead } from './letter.ts'

/** Which letter is meant, and how its values travel. */
export interface LetterSubject extends Pick<LetterHead, 'round' | 'group' | 'part'> {
  format: WireFormat
}

export interface WaysComponents {
  transport: Transport
  clock: Clock
  run: string
}

export interface WaysInit {
  /** Called with the bytes of each letter, framing included, when it was sent or taken. */
  onBytes(peer: PeerId, bytes: { sent: number; received: number }): void
  /** A letter to this peer was of a round before the one in which it is. */
  onOvertaken(peer: PeerId, round: number): void
}

/** Milliseconds between two tries to reach a peer. */
const TRY_AGAIN = 250

interface Way {
  channel: Promise<Channel>
  /** The last letter on it: the next one waits for it. */
  last: Promise<void>
  /** Letters without an answer yet, in their order. */
  unanswered: PromiseWithResolvers<void>[]
}

/** A letter that has left. */
export interface Sent {
  /**
   * Resolves when the addressee has taken it or thrown it away; without that, nobody knows whether it arrived.
   * @throws MurmurError `CHANNEL_BROKEN`
   */
  taken: Promise<void>
}

/** The streams to the others, one each, on which letters leave in the order in which they were sent. */
export class Ways {
  readonly #c: WaysComponents
  readonly #init: WaysInit
  readonly #ways = new Map<PeerId, Way>()
  readonly #stopping = new AbortController()

  constructor(components: WaysComponents, init: WaysInit) {
    this.#c = components
    this.#init = init
  }

  /**
   * Resolves once the values are on their way: they may be overwritten then. Waits for a peer that cannot be reached or does not
   * answer letters yet: it may be starting again, and the others' part of the round is as good as before.
   * @throws MurmurError `CHANNEL_BROKEN`, `VALUES_INVALID`; the signal's reason
   */
  async send(
    to: PeerId,
    subject: LetterSubject,
    values: Float32Array,
    notes: readonly number[],
    signal: AbortSignal,
  ): Promise<Sent> {
    for (;;) {
      try {
        return await this.sendAtOnce(to, subject, values, notes, signal)
      } catch (error) {
        if (!isErrorCode(error, 'PEER_UNREACHABLE') && !isErrorCode(error, 'PROTOCOL_MISMATCH')) throw error
        await this.#c.clock.sleep(TRY_AGAIN, signal)
      }
    }
  }

  /** The same, but does not wait for the peer. @throws MurmurError `PEER_UNREACHABLE`, `PROTOCOL_MISMATCH` too */
  async sendAtOnce(
    to: PeerId,
    { format, ...subject }: LetterSubject,
    values: Float32Array,
    notes: readonly number[],
    signal: AbortSignal,
  ): Promise<Sent> {
    const way = this.#wayTo(to, signal)
    const answered = Promise.withResolvers<void>()
    answered.promise.catch(() => {}) // told to whoever waits for it, if anybody does
    const { length } = values
    const head = { run: this.#c.run, ...subject, length, bytes: format.encoding.encodedLength(length) }
    const sent = way.last.then(async () => {
      signal.throwIfAborted()
      const channel = await way.channel
      const before = channel.bytesSent
      way.unanswered.push(answered)
      await sendHead(channel, { ...head, format: format.name, notes: [...notes] }, signal)
      await channel.sendBulk(paced(format.encoding.encode(values), this.#c.clock), signal)
      this.#init.onBytes(to, { sent: channel.bytesSent - before, received: 0 })
    })
    way.last = sent.catch(() => {})
    try {
      await abortable(sent, signal)
      return { taken: answered.promise }
    } catch (error) {
      this.#giveUp(to, way, 'the letter was given up')
      throw error
    }
  }

  /** Gives up on what was sent to these peers and not yet taken: it would stand in the way of what comes next. */
  recall(peers: Iterable<PeerId>): void {
    for (const peer of peers) {
      const way = this.#ways.get(peer)
      if (way) this.#giveUp(peer, way, 'the round was given up')
    }
  }

  /** Closes the streams to all others. */
  retain(peers: readonly PeerId[]): void {
    for (const peer of [...this.#ways.keys()]) if (!peers.includes(peer)) this.recall([peer])
  }

  stop(): void {
    this.#stopping.abort(new MurmurError({ code: 'CANCELLED', message: 'this peer is stopping' }))
    this.recall([...this.#ways.keys()])
  }

  #wayTo(to: PeerId, signal: AbortSignal): Way {
    const known = this.#ways.get(to)
    if (known) return known
    const channel = this.#c.transport.open(to, LETTER_PROTOCOL, AbortSignal.any([signal, this.#stopping.signal]))
    const way: Way = { channel, last: channel.then(() => {}), unanswered: [] }
    this.#ways.set(to, way)
    way.last.catch(() => {}) // whoever sends is told
    void this.#listen(to, way)
    return way
  }

  /** Hears the answers, and that the stream has ended. */
  async #listen(to: PeerId, way: Way): Promise<void> {
    try {
      const channel = await way.channel
      for (;;) {
        const { overtaken } = await receiveAnswer(channel, this.#stopping.signal)
        if (overtaken !== undefined) this.#init.onOvertaken(to, overtaken)
        way.unanswered.shift()?.resolve()
      }
    } catch {
      this.#giveUp(to, way, 'the stream ended')
    }
  }

  #giveUp(to: PeerId, way: Way, why: string): void {
    if (this.#ways.get(to) === way) this.#ways.delete(to)
    const broken = channelBroken(to, why)
    for (const { reject } of way.unanswered.splice(0)) reject(broken)
    way.channel.then(
      channel => channel.abort(broken),
      () => {},
    )
  }
}

export function channelBroken(peer: PeerId, how: string): MurmurError {
  return new MurmurError({
    code: 'CHANNEL_BROKEN',
    message: `The stream to peer ${peer} is closed: ${how}`,
    details: { peer },
  })
}
