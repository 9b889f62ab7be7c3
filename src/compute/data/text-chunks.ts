import type { Corpus } from './corpus.ts'

export interface TextChunk {
  text: string
  /** Of the corpus, that the text was read from. */
  bytes: number
}

/** In bytes. Bounds the memory, and the time that a tokenizer takes for text without any white space. */
const CHUNK = 64 * 1024

/**
 * A document's text, piece by piece, cut where a tokenizer would cut it: before white space that follows something
 * else. There GPT-2's encoding begins a new word whatever comes before, so the pieces give the tokens that the whole
 * would. Text without white space is cut between characters. The same pieces on every machine: they decide where in
 * the row of tokens a partition begins.
 * @param start of the document in the corpus, in bytes
 */
export function* textChunks(corpus: Corpus, start: number, length: number): Generator<TextChunk> {
  const buffer = new Uint8Array(CHUNK)
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for (let position = 0; position < length; ) {
    const window = buffer.subarray(0, Math.min(CHUNK, length - position))
    corpus.read(start + position, window)
    const bytes = position + window.length === length ? window.length : lastBorder(window)
    yield { text: decoder.decode(window.subarray(0, bytes)), bytes }
    position += bytes
  }
}

/** How many of the bytes to take so that the rest begins with white space, or at least with a character. */
function lastBorder(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at > 0; at--) {
    if (isSpace(bytes[at]!) && !isSpace(bytes[at - 1]!) && !endsInSpace(bytes.subarray(Math.max(0, at - 4), at)))
      return at
  }
  let at = bytes.length - 1
  // The bytes of a character after its first are 10xxxxxx; there are at most three.
  while (at > bytes.length - 4 && (bytes[at]! & 0xc0) === 0x80) at--
  return at
}

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/** White space beyond ASCII, such as the no-break space. */
function endsInSpace(bytes: Uint8Array): boolean {
  return bytes.at(-1)! >= 0x80 && /\s$/u.test(new TextDecoder().decode(bytes))
}
