import { invalidOption } from '../../core/invalid-option.ts'
import { allFinite } from '../../core/vector.ts'
import { BOUND_BLOCK, boundsLength, type Codec, type Decoder, type DeltaCodec, MAX_CHUNK_BYTES } from './codec.ts'
import { type CodecId, codecs } from './codecs.ts'
import { notFinite, tooLong, tooShort } from './encoded-bytes.ts'

export interface SparseInit {
  /** Share of the values that is sent, rounded up to whole ones. Must be in (0, 1]. */
  fraction: number
  /** How those travel. @default 'int8' */
  values?: CodecId
}

/** Which values are sent, and how their places travel. */
export interface Places {
  /** Bytes of the places of k among n values. */
  encodedLength(k: number, n: number): number
  /** Ascending. */
  choose(values: Float32Array, k: number): Uint32Array
  encode(places: Uint32Array, n: number): Uint8Array
  /** @throws MurmurError `MESSAGE_INVALID` */
  decode(bytes: Uint8Array, k: number, n: number): Uint32Array
  /** Largest possible magnitude of a value that was not sent, given that of the smallest that was. */
  unsent(smallest: number): number
}

/** The chosen values, encoded as a vector of their own, and then their places. Whatever is not sent comes out as 0. */
export function sparse({ fraction, values: id = 'int8' }: SparseInit, places: Places): DeltaCodec {
  if (!(fraction > 0 && fraction <= 1)) throw invalidOption('fraction', 'a number > 0 and <= 1', fraction)
  const codec = codecs[id]
  const countOf = (n: number) => Math.ceil(fraction * n)
  const encodedLength = (n: number) => codec.encodedLength(countOf(n)) + places.encodedLength(countOf(n), n)
  return {
    deltasOnly: true,
    encodedLength,
    *encode(values) {
      if (!allFinite(values)) throw notFinite(values.findIndex(value => !Number.isFinite(value)))
      const chosen = places.choose(values, countOf(values.length))
      yield* codec.encode(Float32Array.from(chosen, place => values[place]!))
      const bytes = places.encode(chosen, values.length)
      for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES)
        yield new Uint8Array(bytes.slice(at, at + MAX_CHUNK_BYTES))
    },
    decoder: (into, errorBounds) => new SparseDecoder(codec, places, countOf(into.length), into, errorBounds),
  }
}

class SparseDecoder implements Decoder {
  readonly #format: Places
  readonly #into: Float32Array
  readonly #bounds: Float32Array | undefined
  readonly #values: Float32Array
  readonly #valueBounds: Float32Array
  readonly #decoder: Decoder
  readonly #valueBytes: number
  readonly #places: Uint8Array
  #received = 0

  constructor(codec: Codec, places: Places, k: number, into: Float32Array, bounds: Float32Array | undefined) {
    this.#format = places
    this.#into = into
    this.#bounds = bounds
    this.#values = new Float32Array(k)
    this.#valueBounds = new Float32Array(boundsLength(k))
    this.#decoder = codec.decoder(this.#values, this.#valueBounds)
    this.#valueBytes = codec.encodedLength(k)
    this.#places = new Uint8Array(places.encodedLength(k, into.length))
  }

  write(chunk: Uint8Array): void {
    const start = this.#received
    this.#received += chunk.length
    if (this.#received > this.#expected) throw tooLong(this.#expected)
    const split = Math.min(chunk.length, Math.max(0, this.#valueBytes - start))
    if (split > 0) this.#decoder.write(chunk.subarray(0, split))
    this.#places.set(chunk.subarray(split), Math.max(0, start - this.#valueBytes))
  }

  end(): void {
    if (this.#received < this.#expected) throw tooShort(this.#received, this.#expected)
    this.#decoder.end()
    const places = this.#format.decode(this.#places, this.#values.length, this.#into.length)
    this.#into.fill(0)
    for (const [i, place] of places.entries()) this.#into[place] = this.#values[i]!
    if (this.#bounds) this.#bound(places, this.#bounds)
  }

  #bound(places: Uint32Array, bounds: Float32Array): void {
    const boundOf = (i: number) => this.#valueBounds[Math.floor(i / BOUND_BLOCK)]!
    let smallest = Infinity
    for (const [i, value] of this.#values.entries()) smallest = Math.min(smallest, Math.abs(value) + boundOf(i))
    bounds.fill(places.length < this.#into.length ? this.#format.unsent(smallest) : 0)
    for (const [i, place] of places.entries()) {
      const block = Math.floor(place / BOUND_BLOCK)
      bounds[block] = Math.max(bounds[block]!, boundOf(i))
    }
  }

  get #expected(): number {
    return this.#valueBytes + this.#places.length
  }
}
