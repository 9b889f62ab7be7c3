import { withDeadline } from '../../core/deadline.ts'
import { MurmurError } from '../../core/errors.ts'
import type { Channel, PeerId } from '../../network/transport.ts'
import { wireFormat } from '../compression/wire-format.ts'
import { LETTER_PROTOCOL, type LetterHead, receiveHead, sendAnswer } from './letter.ts'
import { channelBroken, type LetterSubject, Ways, type WaysComponents, type WaysInit } from './ways.ts'

/**
 * Takes and sends the letters of rounds. A letter that nobody waits for yet stays in its stream, where it costs its sender's
 * patience and not this peer's memory; one of an earlier round is thrown away, and its sender told.
 */
export interface Mailbox {
  start(): Promise<void>
  stop(): void
  /** From now on letters of earlier rounds are thrown away. @param others to whom streams are kept open */
  enter(round: number, others: readonly PeerId[]): void
  send: Ways['send']
  /** Tells these peers, who may wait for a letter of an earlier round, in which one this peer is now. */
  tell(peers: Iterable<PeerId>, round: number): void
  /**
   * Fills `into`, and touches it no more once it has settled. Resolves with the letter's notes.
   * @throws LaterRound if the sender has gone on without sending it; MurmurError `VALUES_INVALID`, `MESSAGE_INVALID`,
   * `CHANNEL_BROKEN`; the signal's reason
   */
  receive(from: PeerId, subject: LetterSubject, into: Float32Array, signal: AbortSignal): Promise<readonly number[]>
  /** Gives up on what was sent to these peers and not yet taken: it would stand in the way of what comes next. */
  recall: Ways['recall']
}

export interface MailboxInit extends WaysInit {
  /** Largest number of values of a letter. */
  longest: number
  /** Milliseconds for which a letter may wait to be asked for. */
  patience: number
}

export function mailbox(components: WaysComponents, init: MailboxInit): Mailbox {
  return new Letters(components, init)
}

/** A round is over for another peer, whose part in it is not coming any more: it is in a later one. */
export class LaterRound extends Error {
  override readonly name = 'LaterRound'
  readonly round: number

  constructor(peer: PeerId, round: number) {
    super(`Peer ${peer} is in round ${round} by now`)
    this.round = round
  }
}

/** No encoding takes more bytes for a value, its share of scales and places included. */
const MOST_BYTES_A_VALUE = 8

interface Request {
  from: PeerId
  subject: LetterSubject
  into: Float32Array
  /** False once whoever asked has gone. */
  open: boolean
  settled: PromiseWithResolvers<readonly number[]>
}

class Letters implements Mailbox {
  readonly #c: WaysComponents
  readonly #init: MailboxInit
  readonly #ways: Ways
  readonly #requests = new Map<string, Request>()
  /** Streams from the others: a peer that opens another has given the first one up. */
  readonly #incoming = new Map<PeerId, Channel>()
  /** The round of the last letter from each of the others: letters arrive in the order in which they were sent. */
  readonly #latest = new Map<PeerId, number>()
  readonly #stopping = new AbortController()
  readonly send: Ways['send']
  readonly recall: Ways['recall']
  #round = 0
  #changed = Promise.withResolvers<void>()

  constructor(components: WaysComponents, init: MailboxInit) {
    this.#c = components
    this.#init = init
    this.#ways = new Ways(components, init)
    this.send = this.#ways.send.bind(this.#ways)
    this.recall = this.#ways.recall.bind(this.#ways)
  }

  async start(): Promise<void> {
    await this.#c.transport.handle(LETTER_PROTOCOL, async (channel, signal) => {
      this.#incoming.get(channel.peer)?.abort(channelBroken(channel.peer, 'another one took its place'))
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
    this.#ways.stop()
  }

  enter(round: number, others: readonly PeerId[]): void {
    this.#round = Math.max(this.#round, round)
    this.#ways.retain(others)
    for (const peer of [...this.#latest.keys()]) if (!others.includes(peer)) this.#latest.delete(peer)
    this.#wake()
  }

  async receive(
    from: PeerId,
    subject: LetterSubject,
    into: Float32Array,
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    signal.throwIfAborted()
    const latest = this.#latest.get(from) ?? 0
    if (latest > subject.round) throw new LaterRound(from, latest)
    const key = keyOf(from, subject)
    const settled = Promise.withResolvers<readonly number[]>()
    const request: Request = { from, subject, into, open: true, settled }
    this.#requests.set(key, request)
    this.#wake()
    const giveUp = () => settled.reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await settled.promise
    } finally {
      request.open = false
      signal.removeEventListener('abort', giveUp)
      if (this.#requests.get(key) === request) this.#requests.delete(key)
    }
  }

  tell(peers: Iterable<PeerId>, round: number): void {
    const nothing = { round, group: '', part: '', format: wireFormat('float32') }
    for (const peer of peers) {
      withDeadline(this.#c.clock, this.#init.patience, 'a note', this.#stopping.signal, signal =>
        this.#ways.sendAtOnce(peer, nothing, new Float32Array(0), [], signal),
      ).catch(() => {}) // a peer that cannot be told is gone, or finds out by itself
    }
  }

  /** One letter: to whoever asked for it, or away with it. */
  async #take(channel: Channel, signal: AbortSignal): Promise<void> {
    const { bytesReceived, bytesSent } = channel
    const head = await receiveHead(channel, signal)
    this.#requireOurs(channel.peer, head)
    this.#latest.set(channel.peer, head.round)
    for (const { from, subject, settled } of this.#requests.values()) {
      if (from === channel.peer && subject.round < head.round) settled.reject(new LaterRound(from, head.round))
    }
    if (head.part === '') return await sendAnswer(channel, {}, signal)
    const request = await this.#wanted(channel.peer, head, signal)
    if (!request) await sendAnswer(channel, { overtaken: this.#round }, signal)
    try {
      await this.#deliver(channel, head, request, signal)
      request?.settled.resolve(head.notes)
    } catch (error) {
      request?.settled.reject(error)
      throw error
    }
    if (request) await sendAnswer(channel, {}, signal)
    const [sent, received] = [channel.bytesSent - bytesSent, channel.bytesReceived - bytesReceived]
    this.#init.onBytes(channel.peer, { sent, received })
  }

  async #deliver(channel: Channel, head: LetterHead, request: Request | undefined, signal: AbortSignal): Promise<void> {
    const decoder = request?.subject.format.encoding.decoder(request.into)
    for await (const chunk of channel.receiveBulk(head.bytes, signal)) {
      if (request?.open) decoder?.write(chunk)
    }
    if (request?.open) decoder?.end()
  }

  /**
   * Whoever asks for this letter, or undefined once its round is over.
   * @throws MurmurError `TIMED_OUT`; `MESSAGE_INVALID` if another letter was asked for under its name
   */
  async #wanted(from: PeerId, head: LetterHead, signal: AbortSignal): Promise<Request | undefined> {
    const key = keyOf(from, head)
    return await withDeadline(this.#c.clock, this.#init.patience, 'a letter', signal, async inner => {
      while (head.round >= this.#round && !inner.aborted) {
        const request = this.#requests.get(key)
        if (request) return requireAsked(request, head)
        await this.#changed.promise
      }
      return undefined
    })
  }

  #requireOurs(peer: PeerId, { run, part, length, bytes }: LetterHead): void {
    if (run !== this.#c.run) {
      throw new MurmurError({ code: 'RUN_MISMATCH', message: `Peer ${peer} is in another run`, details: { peer, run } })
    }
    const { longest } = this.#init
    if (length > longest || bytes > MOST_BYTES_A_VALUE * longest || (part === '' && bytes > 0)) {
      throw new MurmurError({
        code: 'MESSAGE_INVALID',
        message: `Expected from peer ${peer} at most ${longest} values, got ${length} in ${bytes} bytes`,
        details: { peer, length, bytes },
      })
    }
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** The request, if the letter is of the kind that it is for. */
function requireAsked(request: Request, { format, length, bytes }: LetterHead): Request {
  const { from, into, subject, settled } = request
  const expected = subject.format.encoding.encodedLength(into.length)
  if (format === subject.format.name && length === into.length && bytes === expected) return request
  const error = new MurmurError({
    code: 'MESSAGE_INVALID',
    message: `Expected from peer ${from} ${into.length} values as ${subject.format.name}, ${expected} bytes, got ${length} as ${format}, ${bytes} bytes`,
    details: { peer: from, length, format, bytes },
  })
  settled.reject(error)
  throw error
}

function keyOf(from: PeerId, { round, group, part }: Pick<LetterSubject, 'round' | 'group' | 'part'>): string {
  return `${from} ${round} ${group} ${part}`
}
