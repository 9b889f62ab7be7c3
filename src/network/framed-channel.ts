import { abortable } from '../core/abortable.ts'
import { MurmurError } from '../core/errors.ts'
import { type ByteStream, channelBroken } from './byte-stream.ts'
import { type Channel, MAX_MESSAGE_BYTES, type PeerId } from './transport.ts'

/**
 * A `Channel` over any byte stream. A message is its length as an unsigned varint (as in libp2p's own protocols),
 * then its bytes; bulk bytes carry no framing.
 */
export function framedChannel(peer: PeerId, stream: ByteStream): Channel {
  return new FramedChannel(peer, stream)
}

/** 65,536 takes three groups of seven bits. */
const MAX_PREFIX_BYTES = 3

class FramedChannel implements Channel {
  readonly peer: PeerId
  readonly #stream: ByteStream
  #unread: Uint8Array[] = []
  #unreadLength = 0
  #sent = 0
  #received = 0
  #sending = false

  constructor(peer: PeerId, stream: ByteStream) {
    this.peer = peer
    this.#stream = stream
  }

  get bytesSent(): number {
    return this.#sent
  }

  get bytesReceived(): number {
    return this.#received
  }

  async send(message: Uint8Array, signal: AbortSignal): Promise<void> {
    if (message.byteLength > MAX_MESSAGE_BYTES) {
      throw new MurmurError({
        code: 'MESSAGE_INVALID',
        message: `Expected a message of at most ${MAX_MESSAGE_BYTES} bytes, got ${message.byteLength}`,
        details: { bytes: message.byteLength },
      })
    }
    await this.#write([framed(message)], signal)
  }

  async sendBulk(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    await this.#write(source, signal)
  }

  async receive(signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      const prefix = this.#peekPrefix()
      if (prefix && this.#unreadLength >= prefix.bytes + prefix.length) {
        this.#take(prefix.bytes)
        return this.#take(prefix.length)
      }
      await this.#fill(signal)
    }
  }

  async *receiveBulk(length: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (this.#unreadLength === 0) await this.#fill(signal)
      const chunk = this.#unread[0]!
      const part = this.#take(Math.min(left, chunk.byteLength))
      left -= part.byteLength
      yield part
    }
  }

  async close(): Promise<void> {
    await this.#stream.close()
  }

  abort(error: Error): void {
    this.#stream.abort(error)
  }

  async #write(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    // Interleaved writers would tear each other's frames apart: a caller's mistake, not the other side's.
    if (this.#sending) throw new Error('Expected one `send` or `sendBulk` of a channel at a time')
    this.#sending = true
    try {
      await abortable(this.#stream.write(this.#counted(source), signal), signal)
    } catch (error) {
      // Half a frame may have left: the other side could no longer make sense of what follows.
      this.#stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    } finally {
      this.#sending = false
    }
  }

  async *#counted(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#sent += chunk.byteLength
      yield chunk
    }
  }

  async #fill(signal: AbortSignal): Promise<void> {
    const chunk = await this.#stream.read(signal)
    if (!chunk) throw channelBroken(this.peer, 'ended before everything had arrived')
    this.#unread.push(chunk)
    this.#unreadLength += chunk.byteLength
    this.#received += chunk.byteLength
  }

  /** The next message's length, if its prefix has arrived. */
  #peekPrefix(): { length: number; bytes: number } | undefined {
    let length = 0
    let bytes = 0
    for (const chunk of this.#unread) {
      for (const byte of chunk.subarray(0, MAX_PREFIX_BYTES)) {
        length |= (byte & 0x7f) << (7 * bytes)
        bytes += 1
        const last = byte < 0x80
        if (length > MAX_MESSAGE_BYTES || (!last && bytes === MAX_PREFIX_BYTES)) throw this.#refuse()
        if (last) return { length, bytes }
      }
    }
    return undefined
  }

  /** There is no way to find the next message after a prefix that makes no sense: the stream is reset. */
  #refuse(): MurmurError {
    const error = new MurmurError({
      code: 'MESSAGE_INVALID',
      message: `Expected a message of at most ${MAX_MESSAGE_BYTES} bytes from peer ${this.peer}, got a longer one`,
      details: { peer: this.peer },
    })
    this.#stream.abort(error)
    return error
  }

  /** Removes exactly `length` bytes, which must be there; copies only across a chunk's border. */
  #take(length: number): Uint8Array {
    this.#unreadLength -= length
    const first = this.#unread[0]
    if (first && first.byteLength > length) {
      this.#unread[0] = first.subarray(length)
      return first.subarray(0, length)
    }
    if (first && first.byteLength === length) return this.#unread.shift()!
    const out = new Uint8Array(length)
    for (let filled = 0; filled < length; ) {
      const chunk = this.#unread[0]!
      const part = chunk.subarray(0, length - filled)
      out.set(part, filled)
      filled += part.byteLength
      if (part.byteLength === chunk.byteLength) this.#unread.shift()
      else this.#unread[0] = chunk.subarray(part.byteLength)
    }
    return out
  }
}

function framed(message: Uint8Array): Uint8Array {
  const prefix: number[] = []
  let rest = message.byteLength
  for (; rest >= 0x80; rest >>>= 7) prefix.push((rest & 0x7f) | 0x80)
  prefix.push(rest)
  const frame = new Uint8Array(prefix.length + message.byteLength)
  frame.set(prefix)
  frame.set(message, prefix.length)
  return frame
}
