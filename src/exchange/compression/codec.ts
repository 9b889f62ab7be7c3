/** How a vector becomes bytes. Who takes vectors that must come out about as they went in asks for a `Codec`. */
export interface Encoding {
  /** Exact number of bytes of `count` encoded values: agreed upon before a byte is sent. */
  encodedLength(count: number): number
  /**
   * Encodes in order, in chunks of at most `MAX_CHUNK_BYTES`. Each chunk is a fresh buffer: a transport may still hold
   * it when the next one is made. `values` must not change meanwhile.
   * @throws MurmurError `VALUES_INVALID` if a value is NaN or infinite
   */
  encode(values: Float32Array): Generator<Uint8Array<ArrayBuffer>>
  /**
   * A decoder that fills `into`, fed with the encoded bytes cut anywhere.
   * @param errorBounds if given, holds after the end for each block of `BOUND_BLOCK` values the largest possible
   *   |decoded - original|: what the receiver does not know. Length `boundsLength(into.length)`.
   */
  decoder(into: Float32Array, errorBounds?: Float32Array): Decoder
}

/**
 * Encodes values, parameters for one, each within its error bound. A projection: decoding and encoding again gives the
 * same bytes, so a peer that decodes what it sent knows exactly what its partner knows.
 */
export interface Codec extends Encoding {
  readonly deltasOnly?: false
}

/**
 * Encodes deltas alone: most of them come out as 0, which of values would be nonsense. Contracts, ||x - C(x)|| < ||x||
 * unless x = 0 (random-k: in expectation), so that what it leaves out can be sent later: `error-feedback.ts`.
 */
export interface DeltaCodec extends Encoding {
  readonly deltasOnly: true
}

export interface Decoder {
  /**
   * @throws MurmurError `MESSAGE_INVALID` if more bytes come than encode `into.length` values; `VALUES_INVALID` if a
   *   value is NaN or infinite
   */
  write(chunk: Uint8Array): void
  /** @throws MurmurError `MESSAGE_INVALID` if bytes are missing */
  end(): void
}

/** Bytes. One yamux frame's worth: larger chunks move no faster and stall other streams. */
export const MAX_CHUNK_BYTES = 64 * 1024

/** Values that share one error bound. */
export const BOUND_BLOCK = 256

export function boundsLength(count: number): number {
  return Math.ceil(count / BOUND_BLOCK)
}
