import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import { MurmurError } from '../../core/errors.ts'
import type { Channel, PeerId, Transport } from '../../network/transport.ts'
import { codecs } from '../compression/codecs.ts'
import { sendValues } from '../compression/streaming.ts'
import { LETTER_PROTOCOL, type LetterHead, receiveHead, sendHead } from './letter.ts'

/** Which letter is meant. */
type Subject = Pick<LetterHead, 'round' | 'group' | 'part' | 'codec'>

/**
 * Takes and sends the letters of rounds. A letter that nobody waits for yet stays in its stream, where it costs its sender's
 * patience and not this peer's memory; one of an earlier round is thrown away.
 */
export interface Mailbox {
  /** The latest round that any peer has sent a letter of. */
  readonly newest: number
  start(): Promise<void>
  stop(): void
  /** From now on letters of earlier rounds are thrown away. */
  enter(round: number): void
  /** Resolves once the values are on their way; they may be overwritten then. */
  send(to: PeerId, subject: Subject, values: Float32Array, signal: AbortSignal): Promise<void>
  /**
   * Fills `into`, and touches it no more once it has settled.
   * @throws LaterRound if the sender has gone on without sending it; MurmurError `VALUES_INVALID`, `CHANNEL_BROKEN`; the
   * signal's reason
   */
  receive(from: PeerId, subject: Subject, into: Float32Array, signal: AbortSignal): Promise<void>
  /** Gives up on what was sent and not yet taken: it would stand in the way of what comes next. */
  recall(): void
}

export interface MailboxComponents {
  transport: Transport
  clock: Clock
  run: string
}

export interface MailboxInit {
  /** Largest number of values of a letter. */
  longest: number
  /** Milliseconds for which a letter may wait to be asked for. */
  patience: number
  /** Called with the bytes of each letter, framing included, when it was sent or taken. */
  onBytes(peer: PeerId, bytes: { sent: number; received: number }): void
}

export function mailbox(components: MailboxComponents, init: MailboxInit): Mailbox {
  return new Letters(components, init)
}

/** A letter is not coming any more: its sender is in a later round. */
export class LaterRound extends Error {
  override readonly name = 'LaterRound'
  readonly round: number

  constructor(peer: PeerId, round: number) {
    super(`Peer ${peer} is in round ${round} by now`)
    this.round = round
  }
}

interface Request {
  from: PeerId
  round: number
  length: number
  into: Float32Array
  /** False once whoever asked has gone. */
  open: boolean
  settled: PromiseWithResolvers<void>
}

class Letters implements Mailbox {
  newest = 0
  readonly #c: MailboxComponents
  readonly #init: MailboxInit
  readonly #requests = new Map<string, Request>()
  /** Ways to the others, and the last letter on each: the next one waits for it. */
  readonly #ways = new Map<PeerId, { channel: Promise<Channel>; last: Promise<void> }>()
  /** Streams from the others: a peer that opens another has given the first one up. */
  readonly #incoming = new Map<PeerId, Channel>()
  readonly #stopping = new AbortController()
  #round = 0
  #changed = Promise.withResolvers<void>()

  constructor(components: MailboxComponents, init: MailboxInit) {
    this.#c = components
    this.#init = init
  }

  async start(): Promise<void> {
    await this.#c.transport.handle(LETTER_PROTOCOL, async (channel, signal) => {
      this.#incoming.get(channel.peer)?.abort(new Error('another stream took its place'))
      this.#incoming.set(channel.peer, channel)
      try {
        const over = AbortSignal.any([signal, this.#stopping.signal])
        for (;;) await this.#take(channel, over)
      } finally {
        if (this.#incoming.get(channel.peer) === channel) this.#incoming.delete(channel.peer)
      }
    })
  }

  stop(): void {
    this.#stopping.abort(new MurmurError({ code: 'CANCELLED', message: 'this peer is stopping' }))
    this.recall()
  }

  enter(round: number): void {
    this.#round = Math.max(this.#round, round)
    this.#wake()
  }

  async send(to: PeerId, subject: Subject, values: Float32Array, signal: AbortSignal): Promise<void> {
    const way = this.#wayTo(to, signal)
    const sent = way.last.then(async () => {
      signal.throwIfAborted()
      const channel = await way.channel
      const before = channel.bytesSent
      await sendHead(channel, { run: this.#c.run, ...subject, length: values.length }, signal)
      await sendValues(channel, codecs[subject.codec], values, this.#c.clock, signal)
      this.#init.onBytes(to, { sent: channel.bytesSent - before, received: 0 })
    })
    way.last = sent.catch(() => {})
    try {
      await sent
    } catch (error) {
      if (this.#ways.get(to) === way) this.#ways.delete(to)
      way.channel.then(
        channel => channel.abort(new Error('the letter was given up')),
        () => {},
      )
      throw error
    }
  }

  async receive(from: PeerId, subject: Subject, into: Float32Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const key = keyOf(from, subject)
    const settled = Promise.withResolvers<void>()
    const request: Request = { from, round: subject.round, length: into.length, into, open: true, settled }
    this.#requests.set(key, request)
    this.#wake()
    const giveUp = () => settled.reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await settled.promise
    } finally {
      request.open = false
      signal.removeEventListener('abort', giveUp)
      if (this.#requests.get(key) === request) this.#requests.delete(key)
    }
  }

  recall(): void {
    for (const { channel } of this.#ways.values()) {
      channel.then(
        open => open.abort(new Error('the round was given up')),
        () => {},
      )
    }
    this.#ways.clear()
  }

  #wayTo(to: PeerId, signal: AbortSignal): { channel: Promise<Channel>; last: Promise<void> } {
    const known = this.#ways.get(to)
    if (known) return known
    const channel = this.#c.transport.open(to, LETTER_PROTOCOL, AbortSignal.any([signal, this.#stopping.signal]))
    const way = { channel, last: channel.then(() => {}) }
    way.last.catch(() => {}) // whoever sends is told
    this.#ways.set(to, way)
    return way
  }

  /** One letter: to whoever asked for it, or away with it. */
  async #take(channel: Channel, signal: AbortSignal): Promise<void> {
    const before = channel.bytesReceived
    const head = await receiveHead(channel, signal)
    this.#requireOurs(channel.peer, head)
    this.newest = Math.max(this.newest, head.round)
    // Letters arrive in the order in which they were sent.
    for (const request of this.#requests.values()) {
      if (request.from === channel.peer && request.round < head.round) {
        request.settled.reject(new LaterRound(channel.peer, head.round))
      }
    }
    const request = await this.#wanted(channel.peer, head, signal)
    try {
      await this.#deliver(channel, head, request, signal)
      request?.settled.resolve()
    } catch (error) {
      request?.settled.reject(error)
      throw error
    }
    this.#init.onBytes(channel.peer, { sent: 0, received: channel.bytesReceived - before })
  }

  async #deliver(channel: Channel, head: LetterHead, request: Request | undefined, signal: AbortSignal): Promise<void> {
    const codec = codecs[head.codec]
    const decoder = request && codec.decoder(request.into)
    for await (const chunk of channel.receiveBulk(codec.encodedLength(head.length), signal)) {
      if (request?.open) decoder?.write(chunk)
    }
    if (request?.open) decoder?.end()
  }

  /** Whoever asks for this letter, or undefined once its round is over. @throws MurmurError `TIMED_OUT` */
  async #wanted(from: PeerId, head: LetterHead, signal: AbortSignal): Promise<Request | undefined> {
    const key = keyOf(from, head)
    return await withDeadline(this.#c.clock, this.#init.patience, 'a letter', signal, async inner => {
      while (head.round >= this.#round && !inner.aborted) {
        const request = this.#requests.get(key)
        if (request?.length === head.length) return request
        await this.#changed.promise
      }
      return undefined
    })
  }

  #requireOurs(peer: PeerId, { run, length }: LetterHead): void {
    if (run !== this.#c.run) {
      throw new MurmurError({ code: 'RUN_MISMATCH', message: `Peer ${peer} is in another run`, details: { peer, run } })
    }
    if (length > this.#init.longest) {
      throw new MurmurError({
        code: 'MESSAGE_INVALID',
        message: `Expected from peer ${peer} at most ${this.#init.longest} values, got ${length}`,
        details: { peer, length },
      })
    }
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

function keyOf(from: PeerId, { round, group, part, codec }: Subject): string {
  return `${from} ${round} ${group} ${part} ${codec}`
}
