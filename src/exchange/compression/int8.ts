import { BOUND_BLOCK, type Codec, type Decoder, MAX_CHUNK_BYTES } from './codec.ts'
import { notFinite, tooLong, tooShort } from './encoded-bytes.ts'

/**
 * Values that share a scale. 4096, the block of 8-bit optimizers (Dettmers et al. 2022, arXiv:2110.02861), saves 1.5%
 * of the bytes; but the error is proportional to the block's largest value, and neighbouring parameters of a
 * transformer differ by orders of magnitude between rows (embeddings, biases, layer-norm gains), so a small block is
 * what keeps one outlier from erasing its neighbours. 4 bytes of scale for 256 values cost 1.6%.
 */
const BLOCK = BOUND_BLOCK
const SCALE_BYTES = 4
const LEVELS = 127
/** What storing a decoded value as float32 may add to the error, relative to the largest value. */
const ROUNDING = 2 ** -23
const CHUNK_BLOCKS = Math.floor(MAX_CHUNK_BYTES / (BLOCK + SCALE_BYTES))

/**
 * Blocks of 256 values: the largest magnitude m as a little-endian float32, then one signed byte q a value, which
 * means q m / 127. Rounds to nearest: |error| <= m / 254. The block's largest value survives exactly, so coding is
 * idempotent; zeros survive exactly too.
 */
export const int8: Codec = {
  encodedLength: count => count + Math.ceil(count / BLOCK) * SCALE_BYTES,
  *encode(values) {
    for (let at = 0; at < values.length; at += CHUNK_BLOCKS * BLOCK) {
      yield encodeBlocks(values, at, Math.min(at + CHUNK_BLOCKS * BLOCK, values.length))
    }
  },
  decoder: (into, errorBounds) => new Int8Decoder(into, errorBounds),
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
    const inverse = largest === 0 ? 0 : LEVELS / largest
    // Adding 128.5 before truncation rounds to nearest without a branch on the sign.
    for (let i = at; i < blockEnd; i++) bytes[out++] = ((values[i]! * inverse + 128.5) | 0) - 128
  }
  return bytes
}

/** @throws MurmurError `VALUES_INVALID` */
function largestMagnitude(values: Float32Array, start: number, end: number): number {
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

class Int8Decoder implements Decoder {
  readonly #into: Float32Array
  readonly #bounds: Float32Array | undefined
  readonly #scale = new DataView(new ArrayBuffer(SCALE_BYTES))
  #scaleBytes = 0
  #step = 0
  #at = 0

  constructor(into: Float32Array, bounds: Float32Array | undefined) {
    this.#into = into
    this.#bounds = bounds
  }

  write(chunk: Uint8Array): void {
    const into = this.#into
    let next = 0
    while (next < chunk.length) {
      if (this.#at === into.length) throw tooLong(int8.encodedLength(into.length))
      if (this.#scaleBytes < SCALE_BYTES) {
        this.#scale.setUint8(this.#scaleBytes++, chunk[next++]!)
        if (this.#scaleBytes === SCALE_BYTES) this.#beginBlock()
        continue
      }
      const at = this.#at
      const blockEnd = Math.min(at - (at % BLOCK) + BLOCK, into.length)
      const end = Math.min(blockEnd, at + chunk.length - next)
      const step = this.#step
      for (let i = at; i < end; i++) into[i] = ((chunk[next++]! << 24) >> 24) * step
      this.#at = end
      if (end === blockEnd) this.#scaleBytes = 0
    }
  }

  #beginBlock(): void {
    const largest = this.#scale.getFloat32(0, true)
    if (!Number.isFinite(largest) || largest < 0) throw notFinite(this.#at)
    this.#step = largest / LEVELS
    if (this.#bounds) this.#bounds[this.#at / BLOCK] = largest * (0.5 / LEVELS + ROUNDING)
  }

  end(): void {
    if (this.#at < this.#into.length) throw tooShort(this.#at, this.#into.length)
  }
}
