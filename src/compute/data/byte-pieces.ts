import type { Tokenizer } from './tokenizer.ts'

/**
 * The way back to text where every token stands for some bytes: they are laid end to end, and a character that several
 * tokens share is whole once the last of them is there.
 * @param bytesOf the bytes of a token; none for one that stands for nothing
 */
export function bytePieces(
  bytesOf: (token: number) => Uint8Array,
): Pick<Tokenizer, 'decode' | 'decoder' | 'byteLength'> {
  const decoder = () => {
    const text = new TextDecoder('utf-8', { ignoreBOM: true })
    return {
      push: (token: number) => text.decode(bytesOf(token), { stream: true }),
      end: () => text.decode(),
    }
  }
  return {
    decoder,
    decode: tokens => {
      const { push, end } = decoder()
      return Array.from(tokens, push).join('') + end()
    },
    byteLength: tokens => {
      let length = 0
      for (const token of tokens) length += bytesOf(token).length
      return length
    },
  }
}
