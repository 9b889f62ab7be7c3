import { MurmurError } from '../../core/errors.ts'
import { byteAlphabet } from './byte-alphabet.ts'
import { bytePieces } from './byte-pieces.ts'
import type { TokenDecoder, Tokenizer } from './tokenizer.ts'
import { rememberingWords } from './word-memory.ts'

/** Tokens held back for a character that is not whole yet: what is longer than a character can be is no character. */
const MOST_HELD = 16
/** Ids above this are a mistake or an attack: the largest vocabularies have a quarter of a million. */
const LARGEST_VOCABULARY = 1 << 24

/** The part of tokenizer.json that is looked at here. */
interface TokenizerJson {
  normalizer?: object | null
  pre_tokenizer?: { type?: string; add_prefix_space?: boolean; use_regex?: boolean } | null
  decoder?: { type?: string } | null
  added_tokens?: readonly { id: number; content: string; lstrip?: boolean; rstrip?: boolean; single_word?: boolean }[]
}

/**
 * A tokenizer from the content of a Hugging Face `tokenizer.json`, by the package @huggingface/tokenizers. Special tokens
 * that stand in a text are recognised; none are added around it.
 * @param json parsed
 * @throws Error when the package cannot make a tokenizer of it
 */
export async function huggingFaceTokenizer(json: TokenizerJson, id: string): Promise<Tokenizer> {
  const { Tokenizer: HuggingFace } = await import('@huggingface/tokenizers')
  const native = new HuggingFace({ added_tokens: [], ...json }, { clean_up_tokenization_spaces: false })
  const vocabulary = native.model?.vocab.length ?? 0
  if (vocabulary < 1 || vocabulary > LARGEST_VOCABULARY) {
    throw new Error(`expected a vocabulary of 1 to ${LARGEST_VOCABULARY} tokens, found ${vocabulary}`)
  }
  const encodeWhole = (text: string) => {
    const { ids } = native.encode(text, { add_special_tokens: false })
    // The types promise numbers, but a piece that is in no vocabulary has none.
    const strange = ids.findIndex((token: number | undefined) => token === undefined)
    if (strange >= 0) throw unknownPiece(id, text)
    return ids
  }
  const encodeText = cutsWords(json) ? rememberingWords(encodeWhole, contentsOf(json)) : encodeWhole
  const encode = (text: string) => Int32Array.from(encodeText(text))
  const decode = (tokens: Iterable<number>) => {
    const list = Array.from(tokens)
    return list.length > 0 ? native.decode(list) : ''
  }
  if (json.decoder?.type === 'ByteLevel') {
    return {
      id,
      vocabulary,
      encode,
      ...bytePieces(byteLevelPieces(vocabulary, token => native.id_to_token(token), json)),
    }
  }
  return {
    id,
    vocabulary,
    encode,
    decode,
    decoder: () => textDecoder(decode),
    byteLength: tokens => Buffer.byteLength(decode(tokens)),
  }
}

/** That words are cut as GPT-2 cuts them, nothing is done to the text before, and special tokens leave it alone. */
function cutsWords({ normalizer, pre_tokenizer: cut, added_tokens: added = [] }: TokenizerJson): boolean {
  if (normalizer || cut?.type !== 'ByteLevel' || cut.add_prefix_space || cut.use_regex === false) return false
  return added.every(({ content, lstrip, rstrip, single_word }) => content && !lstrip && !rstrip && !single_word)
}

function contentsOf({ added_tokens: added = [] }: TokenizerJson): string[] {
  return added.map(({ content }) => content)
}

/** Decoders that look at neighbouring tokens: what a token adds is the difference it makes to the text before it. */
function textDecoder(decode: (tokens: number[]) => string): TokenDecoder {
  let shown: number[] = []
  let held: number[] = []
  const flush = () => {
    const text = decode([...shown, ...held]).slice(decode(shown).length)
    shown = held
    held = []
    return text
  }
  return {
    push(token) {
      held.push(token)
      const half = decode([...shown, ...held]).endsWith('\ufffd')
      return half && held.length < MOST_HELD ? '' : flush()
    },
    end: () => (held.length > 0 ? flush() : ''),
  }
}

function byteLevelPieces(
  vocabulary: number,
  nameOf: (token: number) => string | undefined,
  json: TokenizerJson,
): (token: number) => Uint8Array {
  const added = new Map(json.added_tokens?.map(({ id, content }) => [id, content]))
  const byteOf = new Map(byteAlphabet().map((character, byte) => [character, byte]))
  const utf8 = new TextEncoder()
  const pieces = Array.from({ length: vocabulary }, (_, token) => {
    const content = added.get(token)
    if (content !== undefined) return utf8.encode(content)
    const characters = [...(nameOf(token) ?? '')]
    return Uint8Array.from(characters.flatMap(character => byteOf.get(character) ?? [...utf8.encode(character)]))
  })
  const nothing = new Uint8Array(0)
  return token => pieces[token] ?? nothing
}

function unknownPiece(id: string, text: string): MurmurError {
  return new MurmurError({
    code: 'TOKENIZER_INVALID',
    message: `The tokenizer ${id} has no token for a piece of the text ${JSON.stringify(text.slice(0, 40))}: expected an unknown token (unk_token) or a vocabulary of all bytes`,
    details: { tokenizer: id },
  })
}
