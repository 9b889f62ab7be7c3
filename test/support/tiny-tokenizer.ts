import { byteLevelJson } from '../../src/compute/data/tokenizer-json.ts'

/** Merges of the words of `tinyText`, the shortest first. */
const MERGED = [
  'th',
  'the',
  ' w',
  'in',
  'ing',
  ' n',
  'ei',
  'ou',
  'our',
  'ea',
  'ead',
  ' l',
  ' t',
  ' b',
  'ir',
  'rd',
  ' s',
]

/** A byte-level BPE with a few merges and one special token, as the content of a tokenizer.json. */
export function tinyTokenizerJson(): object {
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte))
  const pieces = [...bytes, ...MERGED.map(text => new TextEncoder().encode(text))]
  return byteLevelJson({ pieces, special: ['<|end|>'], words: true })
}

/** A vocabulary of characters with `▁` for spaces, as SentencePiece has it: its decoder looks at neighbours. */
export function metaspaceTokenizerJson(): object {
  const characters = ['<unk>', '▁', ...'abcdefghijklmnopqrstuvwxyz', '▁t', '▁th', 'é']
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: metaspace,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries([...characters, ...bytes].map((token, id) => [token, id])),
      merges: [
        ['▁', 't'],
        ['▁t', 'h'],
      ],
    },
  }
}
