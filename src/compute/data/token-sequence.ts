import type { Corpus } from './corpus.ts'

/** A corpus as one long row of tokens, read by position and never held in memory. */
export interface TokenSequence {
  /** Tokens in all. */
  readonly length: number
  /** Fills `into` with the tokens from `position` on. */
  read(position: number, into: Int32Array): void
  close(): void
}

/** The corpus itself, where a byte is a token. */
export function byteSequence(corpus: Corpus): TokenSequence {
  let bytes = new Uint8Array(0)
  return {
    length: corpus.bytes,
    read(position, into) {
      if (bytes.length < into.length) bytes = new Uint8Array(into.length)
      const filled = bytes.subarray(0, into.length)
      corpus.read(position, filled)
      into.set(filled)
    },
    close: () => corpus.close(),
  }
}
