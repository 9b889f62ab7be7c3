import { abortable } from '../core/abortable.ts'

/** Bytes that arrived and were not read yet, in order: one producer, one reader. */
export interface ReceivedBytes {
  /** Bytes waiting. Whoever pushes keeps this bounded. */
  readonly length: number
  push(chunk: Uint8Array): void
  /** No more will come. What waits can still be read. */
  end(): void
  /** Discards what waits and rejects the reader now and for ever. */
  fail(error: Error): void
  /** The next chunk; undefined after the last. A cancelled read loses nothing. */
  read(signal: AbortSignal): Promise<Uint8Array | undefined>
}

/** @param taken called after a chunk was taken out, so that the producer may send more */
export function receivedBytes(taken: () => void): ReceivedBytes {
  return new Received(taken)
}

class Received implements ReceivedBytes {
  readonly #taken: () => void
  #chunks: Uint8Array[] = []
  #length = 0
  #ended = false
  #error: Error | undefined
  #arrival: PromiseWithResolvers<void> | undefined

  constructor(taken: () => void) {
    this.#taken = taken
  }

  get length(): number {
    return this.#length
  }

  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0 || this.#error || this.#ended) return
    this.#chunks.push(chunk)
    this.#length += chunk.byteLength
    this.#arrival?.resolve()
  }

  end(): void {
    this.#ended = true
    this.#arrival?.resolve()
  }

  fail(error: Error): void {
    this.#error ??= error
    this.#chunks = []
    this.#length = 0
    this.#arrival?.resolve()
  }

  async read(signal: AbortSignal): Promise<Uint8Array | undefined> {
    signal.throwIfAborted()
    while (this.#chunks.length === 0) {
      if (this.#error) throw this.#error
      if (this.#ended) return undefined
      this.#arrival = Promise.withResolvers()
      await abortable(this.#arrival.promise, signal)
    }
    const chunk = this.#chunks.shift()!
    this.#length -= chunk.byteLength
    this.#taken()
    return chunk
  }
}
