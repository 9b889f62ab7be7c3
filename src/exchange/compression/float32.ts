import { allFinite } from '../../core/vector.ts'
import { type Codec, type Decoder, MAX_CHUNK_BYTES } from './codec.ts'
import { notFinite, requireLittleEndian, tooLong, tooShort } from './encoded-bytes.ts'

const CHUNK_VALUES = MAX_CHUNK_BYTES / 4

/** IEEE 754 single precision, little-endian: the values' own bytes. Lossless. */
export const float32: Codec = {
  encodedLength: count => count * 4,
  *encode(values) {
    requireLittleEndian()
    for (let at = 0; at < values.length; at += CHUNK_VALUES) {
      const part = values.subarray(at, at + CHUNK_VALUES)
      requireFinite(part, at)
      const chunk = new Float32Array(part.length) // `slice` is slow on shared memory
      chunk.set(part)
      yield new Uint8Array(chunk.buffer)
    }
  },
  decoder(into, errorBounds) {
    requireLittleEndian()
    errorBounds?.fill(0)
    return new Float32Decoder(into)
  },
}

class Float32Decoder implements Decoder {
  readonly #into: Float32Array
  readonly #bytes: Uint8Array
  #received = 0
  #checked = 0

  constructor(into: Float32Array) {
    this.#into = into
    this.#bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
  }

  write(chunk: Uint8Array): void {
    if (this.#received + chunk.length > this.#bytes.length) throw tooLong(this.#bytes.length)
    this.#bytes.set(chunk, this.#received)
    this.#received += chunk.length
    const whole = Math.floor(this.#received / 4)
    requireFinite(this.#into.subarray(this.#checked, whole), this.#checked)
    this.#checked = whole
  }

  end(): void {
    if (this.#received < this.#bytes.length) throw tooShort(this.#received, this.#bytes.length)
  }
}

function requireFinite(values: Float32Array, at: number): void {
  if (!allFinite(values)) throw notFinite(at + values.findIndex(value => !Number.isFinite(value)))
}
