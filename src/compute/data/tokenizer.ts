/** Text to numbers in [0, vocabulary) and back. */
export interface Tokenizer {
  /** Tokenizers of the same id give the same tokens for the same text. */
  readonly id: string
  readonly vocabulary: number
  encode(text: string): Int32Array
  /** Whole text; what is not valid UTF-8 becomes U+FFFD. */
  decode(tokens: Iterable<number>): string
  /** For tokens that come one at a time: a character is given out once all of its tokens are there. */
  decoder(): TokenDecoder
  /** Bytes of UTF-8 that the tokens stand for: what a loss per token is divided by to compare tokenizers. */
  byteLength(tokens: Iterable<number>): number
}

export interface TokenDecoder {
  /** What can be shown now. */
  push(token: number): string
  /** What was still held back. */
  end(): string
}
