import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { abortable } from '../../core/abortable.ts'
import { type ByteStream, channelBroken } from '../byte-stream.ts'
import { type ReceivedBytes, receivedBytes } from '../received-bytes.ts'
import type { PeerId } from '../transport.ts'

/** Bytes handed to libp2p at a time: smaller chunks cost throughput, larger ones defeat the bound on what is queued. */
const CHUNK_BYTES = 64 * 1024

/**
 * Unread bytes at which the remote is asked to wait. One yamux window may still arrive after that, and one more when
 * reading resumes: the most that is ever buffered for a stream is this and two windows.
 */
const PAUSE_BYTES = 1024 * 1024

/** How long `close` waits for the last bytes to leave. */
const CLOSE_MS = 5_000

/** How long the other side may take to close a stream that is closed here before it is reset; longer while it is read. */
const LINGER_MS = 10_000

/** A libp2p 3 stream as a `ByteStream`: the stream itself neither waits when sending nor holds back when receiving. */
export function libp2pByteStream(peer: PeerId, stream: Stream): ByteStream {
  const bytes = new Libp2pByteStream(peer, stream)
  bytes.attach()
  return bytes
}

class Libp2pByteStream implements ByteStream {
  readonly #peer: PeerId
  readonly #stream: Stream
  readonly #received: ReceivedBytes
  readonly #broken = new AbortController()
  #failure: Error | undefined
  #room: PromiseWithResolvers<void> | undefined
  #resuming = false
  #released = false
  #readers = 0
  #arrived = 0
  #linger: NodeJS.Timeout | undefined

  constructor(peer: PeerId, stream: Stream) {
    this.#peer = peer
    this.#stream = stream
    this.#received = receivedBytes(() => this.#resumeIfEmpty())
  }

  get broken(): AbortSignal {
    return this.#broken.signal
  }

  attach(): void {
    const stream = this.#stream
    stream.addEventListener('drain', () => this.#room?.resolve())
    stream.addEventListener('close', event => this.#onClose(event))
    stream.addEventListener('end', () => this.#endIfDone())
    stream.addEventListener('message', event => this.#onMessage(event))
    this.#endIfDone()
    // What happened before the listeners were there is not told again.
    if (stream.status === 'aborted' || stream.status === 'reset') this.#fail(channelBroken(this.#peer, 'was reset'))
  }

  /** it-pipe joins the caller's chunks, the cut to bounded size and the sink that waits for room. */
  async write(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    await pipe(source, boundedChunks, chunks => this.#sendAll(chunks, signal))
  }

  async read(signal: AbortSignal): Promise<Uint8Array | undefined> {
    this.#readers += 1
    try {
      return await this.#received.read(signal)
    } finally {
      this.#readers -= 1
    }
  }

  async close(): Promise<void> {
    try {
      await this.#stream.close({ signal: AbortSignal.timeout(CLOSE_MS) })
    } catch (error) {
      this.abort(channelBroken(this.#peer, 'could not be closed', error)) // otherwise it would stay open
    }
    this.#resetWhenSilent()
  }

  async release(): Promise<void> {
    this.#released = true
    await this.close()
    // A reset now would overtake what the other side has not read yet: let it run dry for a while.
    this.#received.fail(channelBroken(this.#peer, 'was released'))
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  abort(error: Error): void {
    this.#fail(error)
    this.#stream.abort(error)
  }

  async #sendAll(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    for await (const chunk of chunks) {
      signal.throwIfAborted()
      if (this.#failure) throw this.#failure
      if (this.#stream.writeStatus !== 'writable') throw channelBroken(this.#peer, 'is closed for writing')
      if (!this.#stream.send(chunk)) await this.#untilRoom(signal)
    }
  }

  /** `stream.onDrain()` never waits a second time, and one drain does not mean that everything has left. */
  async #untilRoom(signal: AbortSignal): Promise<void> {
    do {
      if (this.#failure) throw this.#failure
      this.#room = Promise.withResolvers()
      await abortable(this.#room.promise, signal)
    } while (this.#stream.writableNeedsDrain || this.#stream.writeBufferLength > 0)
    await nextTurn() // without it, two fast ends starve every other stream of the process
  }

  #onMessage(event: StreamMessageEvent): void {
    this.#arrived += event.data.byteLength
    if (event.data instanceof Uint8Array) this.#received.push(event.data)
    else for (const chunk of event.data) this.#received.push(chunk)
    this.#endIfDone()
    if (!this.#resuming) this.#pauseIfFull()
  }

  #pauseIfFull(): void {
    const open = this.#stream.readStatus === 'readable' && this.#stream.remoteWriteStatus !== 'closed'
    if (open && this.#received.length >= PAUSE_BYTES) this.#stream.pause()
  }

  /**
   * `resume` first delivers what waits and then opens the window: a pause in between would be undone by the latter
   * while the stream still believes in it, and the remote would be let in without bound.
   */
  #resumeIfEmpty(): void {
    if (this.#stream.readStatus !== 'paused' || this.#received.length > 0) return
    this.#resuming = true
    this.#stream.resume()
    this.#resuming = false
    this.#pauseIfFull()
  }

  /**
   * The event alone is not enough: during the negotiation of the protocol the end may be told while the last bytes
   * are still held back. And a reset also "ends" the stream, right before it is reported as such.
   */
  #endIfDone(): void {
    const { readableEnded, readBufferLength, status } = this.#stream
    if (readableEnded && readBufferLength === 0 && status !== 'aborted' && status !== 'reset') this.#received.end()
  }

  #onClose(event: StreamCloseEvent): void {
    clearTimeout(this.#linger)
    if (event.error) this.#fail(channelBroken(this.#peer, 'was reset', event.error))
    else this.#failWriter(channelBroken(this.#peer, 'is closed'))
  }

  #fail(error: Error): void {
    this.#received.fail(error)
    this.#failWriter(error)
    this.#broken.abort(error)
  }

  #failWriter(error: Error): void {
    this.#failure ??= error
    // Nobody may be waiting, and then nobody would catch it.
    this.#room?.promise.catch(() => {})
    this.#room?.reject(this.#failure)
  }

  #resetWhenSilent(): void {
    if (this.#stream.status !== 'open' && this.#stream.status !== 'closing') return
    const arrived = this.#arrived
    this.#linger = setTimeout(() => {
      const used = !this.#released && (this.#readers > 0 || this.#arrived > arrived)
      if (used) this.#resetWhenSilent()
      else this.abort(channelBroken(this.#peer, 'was never closed by the other side'))
    }, LINGER_MS).unref()
  }
}

async function* boundedChunks(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength; at += CHUNK_BYTES) yield chunk.subarray(at, at + CHUNK_BYTES)
  }
}
