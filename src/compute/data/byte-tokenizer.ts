import { bytePieces } from './byte-pieces.ts'
import type { Tokenizer } from './tokenizer.ts'

/** Bytes of UTF-8 as tokens: no vocabulary to learn or ship, and every text can be written. */
export const byteTokenizer: Tokenizer = {
  id: 'bytes',
  vocabulary: 256,
  encode: text => Int32Array.from(new TextEncoder().encode(text)),
  ...bytePieces(token => Uint8Array.of(token)),
}
