import { type Simd, simdFor } from '../../core/arena.ts'
import { BOUND_BLOCK, type Codec, type Decoder, MAX_CHUNK_BYTES } from './codec.ts'
import { notFinite, tooLong, tooShort } from './encoded-bytes.ts'
import { largestMagnitude } from './scaled-blocks.ts'

/**
 * Values that share a scale. 4096, the block of 8-bit optimizers (Dettmers et al. 2022, arXiv:2110.02861), saves 1.5%
 * of the bytes; but the error is proportional to the block's largest value, and neighbouring parameters of a
 * transformer differ by orders of magnitude between rows (embeddings, biases, layer-norm gains), so a small block is
 * what keeps one outlier from erasing its neighbours. 4 bytes of scale for 256 values cost 1.6%.
 */
const BLOCK = BOUND_BLOCK
const SCALE_BYTES = 4
const LEVELS = 127
const BLOCK_BYTES = BLOCK + SCALE_BYTES
/** What single precision may add to the error, relative to the largest value: 1.5 x 2^-23 by three roundings. */
const ROUNDING = 2 ** -22
const CHUNK_BLOCKS = Math.floor(MAX_CHUNK_BYTES / BLOCK_BYTES)
/** The inverse of what is smaller might be infinite: such blocks are lifted first. */
const TINY = 2 ** -60
const LIFT = 2 ** 64
/** Adding it to a number of magnitude below 2^22 rounds that to the nearest integer, ties to even. */
const ROUNDER = 1.5 * 2 ** 23
/** Splits a double into its first 16 bits and the rest (Dekker 1971). */
const SPLITTER = 2 ** 37 + 1

/**
 * Blocks of 256 values: the largest magnitude m as a little-endian float32, then one signed byte q a value, which
 * means q m / 127. Rounds to nearest: |error| <= m / 254. The block's largest value survives exactly, so coding is
 * idempotent; zeros survive exactly too.
 *
 * Both peers must decode to the same bit, so the arithmetic is fixed: float32 throughout, and the same here as in
 * assembly/loops.ts, which serves the vectors of an arena.
 */
export const int8: Codec = {
  encodedLength: count => count + Math.ceil(count / BLOCK) * SCALE_BYTES,
  *encode(values) {
    const simd = simdFor(0, values)
    for (let at = 0; at < values.length; at += CHUNK_BLOCKS * BLOCK) {
      const end = Math.min(at + CHUNK_BLOCKS * BLOCK, values.length)
      yield simd ? encodeFast(simd, values, at, end) : encodeBlocks(values, at, end)
    }
  },
  decoder: (into, errorBounds) => new Int8Decoder(into, errorBounds),
}

function encodeFast(
  { loops, scratch }: Simd,
  values: Float32Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const bad = loops.encodeInt8(values.byteOffset + 4 * start, end - start, scratch.byteOffset)
  if (bad >= 0) throw notFinite(start + bad)
  const bytes = new Uint8Array(int8.encodedLength(end - start))
  bytes.set(scratch.subarray(0, bytes.length))
  return bytes
}

function encodeBlocks(values: Float32Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(int8.encodedLength(end - start))
  const view = new DataView(bytes.buffer)
  let out = 0
  for (let at = start; at < end; at += BLOCK) {
    const blockEnd = Math.min(at + BLOCK, end)
    const largest = largestMagnitude(values, at, blockEnd)
    view.setFloat32(out, largest, true)
    out += SCALE_BYTES
    const lift = largest < TINY ? LIFT : 1
    const inverse = largest === 0 ? 0 : Math.fround(LEVELS / (largest * lift))
    for (let i = at; i < blockEnd; i++) {
      bytes[out++] = Math.fround(Math.fround(values[i]! * lift * inverse) + ROUNDER) - ROUNDER
    }
  }
  return bytes
}

class Int8Decoder implements Decoder {
  readonly #into: Float32Array
  readonly #bounds: Float32Array | undefined
  readonly #simd: Simd | undefined
  readonly #scale = new DataView(new ArrayBuffer(SCALE_BYTES))
  #scaleBytes = 0
  /** A level in two parts. */
  #step: readonly [number, number] = [0, 0]
  #at = 0

  constructor(into: Float32Array, bounds: Float32Array | undefined) {
    this.#into = into
    this.#bounds = bounds
    this.#simd = simdFor(0, into)
  }

  write(chunk: Uint8Array): void {
    const into = this.#into
    let next = 0
    while (next < chunk.length) {
      if (this.#at === into.length) throw tooLong(int8.encodedLength(into.length))
      if (this.#simd && this.#scaleBytes === 0) {
        next = this.#wholeBlocks(this.#simd, chunk, next)
        if (next === chunk.length || this.#at === into.length) continue
      }
      if (this.#scaleBytes < SCALE_BYTES) {
        this.#scale.setUint8(this.#scaleBytes++, chunk[next++]!)
        if (this.#scaleBytes === SCALE_BYTES) this.#beginBlock()
        continue
      }
      const at = this.#at
      const blockEnd = Math.min(at - (at % BLOCK) + BLOCK, into.length)
      const end = Math.min(blockEnd, at + chunk.length - next)
      const [high, low] = this.#step
      for (let i = at; i < end; i++) {
        const q = (chunk[next++]! << 24) >> 24
        into[i] = q * high + Math.fround(q * low)
      }
      this.#at = end
      if (end === blockEnd) this.#scaleBytes = 0
    }
  }

  /** Decodes what blocks lie whole in the chunk from `next`, as many as the scratch holds; returns where they end. */
  #wholeBlocks({ loops, scratch }: Simd, chunk: Uint8Array, next: number): number {
    const most = Math.min(chunk.length - next, scratch.length) / BLOCK_BYTES
    const blocks = Math.floor(Math.min(most, (this.#into.length - this.#at) / BLOCK))
    if (blocks === 0) return next
    const end = next + blocks * BLOCK_BYTES
    scratch.set(chunk.subarray(next, end))
    const into = this.#into.byteOffset + 4 * this.#at
    const bad = loops.decodeInt8(scratch.byteOffset, into, blocks * BLOCK)
    if (bad >= 0) throw notFinite(this.#at + bad)
    if (this.#bounds) {
      const view = new DataView(scratch.buffer, scratch.byteOffset)
      for (let i = 0; i < blocks; i++) {
        this.#bounds[this.#at / BLOCK + i] = boundOf(view.getFloat32(i * BLOCK_BYTES, true))
      }
    }
    this.#at += blocks * BLOCK
    return end
  }

  #beginBlock(): void {
    const largest = this.#scale.getFloat32(0, true)
    if (!Number.isFinite(largest) || largest < 0) throw notFinite(this.#at)
    this.#step = partsOf(largest)
    if (this.#bounds) this.#bounds[this.#at / BLOCK] = boundOf(largest)
  }

  end(): void {
    if (this.#at < this.#into.length) throw tooShort(this.#at, this.#into.length)
  }
}

/**
 * A level, m / 127, in two parts whose products with a byte lose nothing that counts: the first has 16 bits, so that is
 * exact, and 127 times their sum is m again. Among the tiniest numbers, where parts would vanish, one of double precision.
 */
function partsOf(largest: number): readonly [high: number, low: number] {
  const step = largest / LEVELS
  if (largest < TINY) return [step, 0]
  const spread = SPLITTER * step
  const high = spread - (spread - step)
  return [high, Math.fround(step - high)]
}

function boundOf(largest: number): number {
  return largest * (0.5 / LEVELS + ROUNDING)
}
