import { abortable } from '../core/abortable.ts'
import { type ByteStream, channelBroken } from './byte-stream.ts'
import { type ReceivedBytes, receivedBytes } from './received-bytes.ts'
import type { PeerId } from './transport.ts'

/** Bytes that are under way or unread at which the writer waits, and the most that is handed to the wire at a time. */
const WINDOW_BYTES = 256 * 1024
const CHUNK_BYTES = 64 * 1024

/** One direction of a stream whose two ends are in this process. Everything arrives in the order it was handed over. */
export interface Wire {
  /** Bytes that a writer may leave under way: 0 where it waits until they have arrived. */
  readonly buffer: number
  /** Calls `arrive` when the bytes have gone over; never if they were lost with their connection. */
  carry(bytes: number, arrive: () => void): void
  /** The same for what takes no room: the end of the bytes. */
  carryEnd(arrive: () => void): void
  /** Drops what waits to be sent: the stream is broken. */
  drop(): void
  /** Tells the other side that it is: the last call. */
  carryReset(arrive: () => void): void
}

/** One end of a stream within the process. */
export interface LocalEnd extends ByteStream {
  /** The connection is gone. */
  break(how: string): void
  /** Calls back once when both sides have ended or the stream was reset. */
  whenOver(listener: () => void): void
}

/** The ends at `near` and `far`; `there` carries from near to far, `back` from far to near. */
export function localStream(near: PeerId, far: PeerId, there: Wire, back: Wire): [LocalEnd, LocalEnd] {
  const a = new End(far, there)
  const b = new End(near, back)
  a.join(b)
  b.join(a)
  return [a, b]
}

class End implements LocalEnd {
  readonly #peer: PeerId
  readonly #wire: Wire
  readonly #received: ReceivedBytes
  readonly #broken = new AbortController()
  #other!: End
  /** Bytes this end sent that have not arrived. */
  #underWay = 0
  #failure: Error | undefined
  #room: PromiseWithResolvers<void> | undefined
  #closed = false
  #ended = false
  #released = false
  #whenOver = () => {}

  constructor(peer: PeerId, wire: Wire) {
    this.#peer = peer
    this.#wire = wire
    this.#received = receivedBytes(() => this.#other.#room?.resolve())
  }

  join(other: End): void {
    this.#other = other
  }

  get broken(): AbortSignal {
    return this.#broken.signal
  }

  async write(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.byteLength; at += CHUNK_BYTES) {
        await this.#waitWhile(() => this.#isFull(), signal)
        if (this.#closed) throw channelBroken(this.#peer, 'is closed for writing')
        this.#send(chunk.slice(at, at + CHUNK_BYTES))
        await this.#waitWhile(() => this.#underWay > this.#wire.buffer, signal)
      }
    }
  }

  read(signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#received.read(signal)
  }

  async close(): Promise<void> {
    if (this.#closed || this.#failure) return
    this.#closed = true
    this.#wire.carryEnd(() => this.#other.#end())
  }

  async release(): Promise<void> {
    this.#released = true
    await this.close()
    this.#other.#room?.resolve()
  }

  abort(error: Error): void {
    if (this.#failure) return
    this.#fail(error)
    this.#wire.carryReset(() => this.#other.#fail(channelBroken(this.#other.#peer, 'was reset', error)))
  }

  break(how: string): void {
    this.#fail(channelBroken(this.#peer, how))
  }

  whenOver(listener: () => void): void {
    this.#whenOver = listener
  }

  async #waitWhile(full: () => boolean, signal: AbortSignal): Promise<void> {
    while (full() && !this.#failure) {
      this.#room = Promise.withResolvers()
      await abortable(this.#room.promise, signal)
    }
    signal.throwIfAborted()
    if (this.#failure) throw this.#failure
  }

  #isFull(): boolean {
    const unread = this.#other.#released ? 0 : this.#other.#received.length
    return this.#underWay + unread >= WINDOW_BYTES + this.#wire.buffer
  }

  #send(part: Uint8Array): void {
    this.#underWay += part.byteLength
    this.#wire.carry(part.byteLength, () => {
      this.#underWay -= part.byteLength
      if (!this.#other.#released) this.#other.#received.push(part)
      this.#room?.resolve()
    })
  }

  /** The other side's end has arrived here. */
  #end(): void {
    this.#received.end()
    this.#ended = true
    if (!this.#other.#ended) return
    this.#whenOver()
    this.#other.#whenOver()
  }

  #fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#wire.drop()
    this.#received.fail(error)
    this.#room?.resolve()
    this.#broken.abort(error)
    this.#whenOver()
  }
}
