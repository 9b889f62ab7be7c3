import { byteAlphabet } from './byte-alphabet.ts'

/** A Hugging Face tokenizer.json of a byte-level encoding. */
export interface ByteLevelJson {
  /** The bytes that tokens stand for, in the order of the tokens. */
  pieces: readonly Uint8Array[]
  /** Tokens after those that stand for themselves, wherever they are in a text. */
  special: readonly string[]
  /** Cuts words by GPT-2's regular expression first. */
  words: boolean
}

/**
 * The content of a tokenizer.json that encodes as the ranks of a byte-pair encoding do: which two tokens each longer one
 * was merged from follows from the order in which they were found.
 */
export function byteLevelJson({ pieces, special, words }: ByteLevelJson): object {
  const alphabet = byteAlphabet()
  const written = pieces.map(piece => Array.from(piece, byte => alphabet[byte]!).join(''))
  const ranks = new Map(written.map((text, rank) => [text, rank]))
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: words }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, i) => ({
      id: pieces.length + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries([...ranks, ...special.map((content, i) => [content, pieces.length + i] as const)]),
      merges: written.filter(text => text.length > 1).map(text => mergedFrom(text, ranks)),
    },
  }
}

/** The last two parts before the whole, if merges of lower rank alone are made, the lowest first. */
function mergedFrom(text: string, ranks: ReadonlyMap<string, number>): [string, string] {
  const parts = [...text]
  while (parts.length > 2) {
    let best = 0
    let lowest = Number.POSITIVE_INFINITY
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(parts[i]! + parts[i + 1]!) ?? Number.POSITIVE_INFINITY
      if (rank < lowest) {
        lowest = rank
        best = i
      }
    }
    parts.splice(best, 2, parts[best]! + parts[best + 1]!)
  }
  return [parts[0]!, parts[1]!]
}
