import type { TokenizerConfig } from '../compute/data/open-tokenizer.ts'

/** A tokenizer in a few words, the same on every machine. */
export function describeTokenizer(tokenizer: TokenizerConfig): string {
  return tokenizer.kind === 'file' ? `${tokenizer.file}, SHA-256 ${tokenizer.sha256}` : tokenizer.kind
}
