/** Text to numbers in [0, vocabulary) and back. */
export interface Tokenizer {
  readonly vocabulary: number
  encode(text: string): Int32Array
  /** Whole text; what is not valid UTF-8 becomes U+FFFD. */
  decode(tokens: Iterable<number>): string
  /** For tokens that come one at a time: a character is given out once all of its tokens are there. */
  decoder(): TokenDecoder
}

interface TokenDecoder {
  /** What can be shown now. */
  push(token: number): string
  /** What was still held back. */
  end(): string
}

/** Bytes of UTF-8 as tokens: no vocabulary to learn or ship, and every text can be written. */
export const byteTokenizer: Tokenizer = {
  vocabulary: 256,
  encode: text => Int32Array.from(new TextEncoder().encode(text)),
  decode: tokens => new TextDecoder().decode(Uint8Array.from(tokens)),
  decoder: () => {
    const decoder = new TextDecoder()
    return {
      push: token => decoder.decode(Uint8Array.of(token), { stream: true }),
      end: () => decoder.decode(),
    }
  },
}
