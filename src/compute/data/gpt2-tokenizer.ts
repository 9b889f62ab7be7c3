import { bytePieces } from './byte-pieces.ts'
import type { Tokenizer } from './tokenizer.ts'
import { byteLevelJson } from './tokenizer-json.ts'

const END_OF_TEXT = '<|endoftext|>'
const nothing = new Uint8Array(0)

/**
 * The byte-pair encoding of GPT-2 (Radford et al. 2019) by the package gpt-tokenizer, 50,257 tokens. Where the text has
 * `<|endoftext|>`, that becomes its token, as Hugging Face's tokenizer has it. Loaded when asked for: the ranks take
 * about 0.1 s and 10 MB.
 */
export async function gpt2Tokenizer(): Promise<Tokenizer> {
  const { default: encoding } = await import('gpt-tokenizer/encoding/r50k_base')
  const pieces = await readPieces()
  const endOfText = pieces.length
  pieces.push(new TextEncoder().encode(END_OF_TEXT))
  // The package looks for special tokens at the beginning alone, so they are found here.
  const ordinary = { disallowedSpecial: new Set<string>() }
  return {
    id: 'gpt2',
    vocabulary: pieces.length,
    encode: text =>
      Int32Array.from(
        text
          .split(END_OF_TEXT)
          .flatMap((part, i) => (i > 0 ? [endOfText] : []).concat(encoding.encode(part, ordinary))),
      ),
    ...bytePieces(token => pieces[token] ?? nothing),
  }
}

/** The same encoding as the content of a Hugging Face tokenizer.json. */
export async function gpt2TokenizerJson(): Promise<object> {
  return byteLevelJson({ pieces: await readPieces(), special: [END_OF_TEXT], words: true })
}

async function readPieces(): Promise<Uint8Array[]> {
  const { default: ranks } = await import('gpt-tokenizer/bpeRanks/r50k_base')
  const utf8 = new TextEncoder()
  return ranks.map(piece => (typeof piece === 'string' ? utf8.encode(piece) : Uint8Array.from(piece)))
}
