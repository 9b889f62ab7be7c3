import { BOUND_BLOCK, type Codec, type Decoder, MAX_CHUNK_BYTES } from './codec.ts'
import { notFinite, tooLong, tooShort } from './encoded-bytes.ts'

const SCALE_BYTES = 4

/** How the values of one block are written, given the block's largest magnitude. */
export interface BlockFormat {
  /** Values that share a scale. `BOUND_BLOCK` must be a multiple of it. */
  block: number
  /** Bytes of `count` values, `count` <= `block`, without the scale. */
  bytesOf(count: number): number
  /** Writes `values[start..end)` from `bytes[at]` on. All are finite; `largest` is their largest magnitude. */
  encode(values: Float32Array, start: number, end: number, largest: number, bytes: Uint8Array, at: number): void
  /** Reads them. Returns the place of the first that no encoder writes, or -1. */
  decode(bytes: Uint8Array, at: number, largest: number, into: Float32Array, start: number, end: number): number
  /** Largest possible |decoded - original|. */
  boundOf(largest: number): number
}

/**
 * A codec of blocks: the largest magnitude as a little-endian float32, then the values in units of it. That one survives
 * exactly, which is what makes coding idempotent.
 */
export function scaledBlocks(format: BlockFormat): Codec {
  const { block } = format
  const blockBytes = SCALE_BYTES + format.bytesOf(block)
  const chunkValues = Math.floor(MAX_CHUNK_BYTES / blockBytes) * block
  const encodedLength = (count: number) => {
    const rest = count % block
    return Math.floor(count / block) * blockBytes + (rest > 0 ? SCALE_BYTES + format.bytesOf(rest) : 0)
  }
  return {
    encodedLength,
    *encode(values) {
      for (let at = 0; at < values.length; at += chunkValues) {
        const end = Math.min(at + chunkValues, values.length)
        const bytes = new Uint8Array(encodedLength(end - at))
        const view = new DataView(bytes.buffer)
        let out = 0
        for (let start = at; start < end; start += block) {
          const blockEnd = Math.min(start + block, end)
          const largest = largestMagnitude(values, start, blockEnd)
          view.setFloat32(out, largest, true)
          format.encode(values, start, blockEnd, largest, bytes, out + SCALE_BYTES)
          out += blockBytes
        }
        yield bytes
      }
    },
    decoder: (into, errorBounds) => new ScaledBlocksDecoder(format, encodedLength(into.length), into, errorBounds),
  }
}

/** @throws MurmurError `VALUES_INVALID` */
export function largestMagnitude(values: Float32Array, start: number, end: number): number {
  let largest = 0
  let probe = 0
  for (let i = start; i < end; i++) {
    const value = values[i]!
    const magnitude = value < 0 ? -value : value
    if (magnitude > largest) largest = magnitude
    probe += value - value // NaN for NaN and infinity, else 0
  }
  if (probe !== 0) throw notFinite(start)
  return largest
}

class ScaledBlocksDecoder implements Decoder {
  readonly #format: BlockFormat
  readonly #expected: number
  readonly #into: Float32Array
  readonly #bounds: Float32Array | undefined
  /** Of a block that is cut by the end of a chunk. */
  readonly #part: Uint8Array
  #partLength = 0
  #received = 0
  #at = 0

  constructor(format: BlockFormat, expected: number, into: Float32Array, bounds: Float32Array | undefined) {
    this.#format = format
    this.#expected = expected
    this.#into = into
    this.#bounds = bounds
    this.#part = new Uint8Array(SCALE_BYTES + format.bytesOf(format.block))
    bounds?.fill(0)
  }

  write(chunk: Uint8Array): void {
    this.#received += chunk.length
    if (this.#received > this.#expected) throw tooLong(this.#expected)
    for (let next = 0; next < chunk.length; ) {
      const count = Math.min(this.#format.block, this.#into.length - this.#at)
      const length = SCALE_BYTES + this.#format.bytesOf(count)
      if (this.#partLength === 0 && chunk.length - next >= length) {
        this.#decode(chunk, next, count)
        next += length
        continue
      }
      const piece = chunk.subarray(next, next + length - this.#partLength)
      this.#part.set(piece, this.#partLength)
      this.#partLength += piece.length
      next += piece.length
      if (this.#partLength < length) return
      this.#partLength = 0
      this.#decode(this.#part, 0, count)
    }
  }

  #decode(bytes: Uint8Array, at: number, count: number): void {
    const largest = new DataView(bytes.buffer, bytes.byteOffset + at).getFloat32(0, true)
    if (!(largest >= 0 && largest < Infinity)) throw notFinite(this.#at)
    const start = this.#at
    const bad = this.#format.decode(bytes, at + SCALE_BYTES, largest, this.#into, start, start + count)
    if (bad >= 0) throw notFinite(bad)
    if (this.#bounds) {
      const block = Math.floor(start / BOUND_BLOCK)
      this.#bounds[block] = Math.max(this.#bounds[block]!, this.#format.boundOf(largest))
    }
    this.#at += count
  }

  end(): void {
    if (this.#received < this.#expected) throw tooShort(this.#received, this.#expected)
  }
}
