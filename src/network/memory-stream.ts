import { abortable } from './abortable.ts'
import { type ByteStream, channelBroken } from './byte-stream.ts'
import { type ReceivedBytes, receivedBytes } from './received-bytes.ts'
import type { PeerId } from './transport.ts'

/** Unread bytes at which the writer waits, and the most that it hands over at a time. */
const WINDOW_BYTES = 256 * 1024
const CHUNK_BYTES = 64 * 1024

/** One end of a stream within the process. */
export interface MemoryEnd extends ByteStream {
  /** The connection is gone. */
  break(how: string): void
  /** Calls back once when both sides have ended or the stream was reset. */
  whenOver(listener: () => void): void
}

/** @param sent called with the number of bytes that the first end has sent, before each part arrives */
export function memoryStream(near: PeerId, far: PeerId, sent: (bytes: number) => void): [MemoryEnd, MemoryEnd] {
  const a = new End(far, sent)
  const b = new End(near, () => {})
  a.join(b)
  b.join(a)
  return [a, b]
}

class End implements MemoryEnd {
  readonly #peer: PeerId
  readonly #sent: (bytes: number) => void
  readonly #received: ReceivedBytes
  readonly #broken = new AbortController()
  #other!: End
  #failure: Error | undefined
  #room: PromiseWithResolvers<void> | undefined
  #closed = false
  #released = false
  #whenOver = () => {}

  constructor(peer: PeerId, sent: (bytes: number) => void) {
    this.#peer = peer
    this.#sent = sent
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
        await this.#deliver(chunk.slice(at, at + CHUNK_BYTES), signal)
      }
    }
  }

  read(signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#received.read(signal)
  }

  async close(): Promise<void> {
    if (this.#closed || this.#failure) return
    this.#closed = true
    await new Promise(setImmediate)
    this.#other.#received.end()
    if (this.#other.#closed) {
      this.#whenOver()
      this.#other.#whenOver()
    }
  }

  async release(): Promise<void> {
    this.#released = true
    await this.close()
    this.#other.#room?.resolve()
  }

  abort(error: Error): void {
    this.#fail(error)
    this.#other.#fail(channelBroken(this.#other.#peer, 'was reset', error))
  }

  break(how: string): void {
    this.#fail(channelBroken(this.#peer, how))
  }

  whenOver(listener: () => void): void {
    this.#whenOver = listener
  }

  async #deliver(part: Uint8Array, signal: AbortSignal): Promise<void> {
    while (this.#other.#received.length >= WINDOW_BYTES && !this.#other.#released && !this.#failure) {
      this.#room = Promise.withResolvers()
      await abortable(this.#room.promise, signal)
    }
    await new Promise(setImmediate)
    signal.throwIfAborted()
    this.#sent(part.byteLength)
    if (this.#failure) throw this.#failure
    if (this.#closed) throw channelBroken(this.#peer, 'is closed for writing')
    if (!this.#other.#released) this.#other.#received.push(part)
  }

  #fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#received.fail(error)
    this.#room?.resolve()
    this.#broken.abort(error)
    this.#whenOver()
  }
}
