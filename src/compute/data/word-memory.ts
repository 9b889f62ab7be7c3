/** Words kept, the commonest among them: some tens of megabytes. When they are as many, it begins anew. */
const MOST_WORDS = 1 << 17

/** How GPT-2 cuts text into words before it merges bytes (Radford et al. 2019, encoder.py), as `ByteLevel` does too. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/**
 * The same encoding for text cut into GPT-2's words, with the tokens of the words met before. A word alone is cut as it is
 * among others, so nothing changes but the time: about ten times less for the package @huggingface/tokenizers.
 * @param special texts that are tokens wherever they occur, whatever is around them
 */
export function rememberingWords(
  encode: (text: string) => readonly number[],
  special: readonly string[],
): (text: string) => readonly number[] {
  const known = new Map<string, readonly number[]>()
  const tokensOf = (word: string) => {
    const found = known.get(word)
    if (found) return found
    const tokens = encode(word)
    if (known.size >= MOST_WORDS) known.clear()
    known.set(word, tokens)
    return tokens
  }
  const border = special.length > 0 ? anyOf(special) : undefined
  return text => {
    const tokens: number[] = []
    for (const [i, part] of (border ? text.split(border) : [text]).entries()) {
      // What the border captured stands between the parts.
      const words = i % 2 === 1 ? [part] : (part.match(WORDS) ?? [])
      for (const word of words) for (const token of tokensOf(word)) tokens.push(token)
    }
    return tokens
  }
}

/** The longest first: one may begin like another. */
function anyOf(texts: readonly string[]): RegExp {
  const escaped = texts
    .toSorted((a, b) => b.length - a.length)
    .map(text => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
  return new RegExp(`(${escaped.join('|')})`)
}
