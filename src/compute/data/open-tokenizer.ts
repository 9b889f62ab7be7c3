import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { byteTokenizer, type Tokenizer } from './tokenizer.ts'

export interface TokenizerFile {
  kind: 'file'
  /** A Hugging Face tokenizer.json. */
  file: string
  /** SHA-256 of its content, in 64 hexadecimal digits; any content will do without. */
  sha256?: string
}

export type TokenizerConfig = { kind: 'bytes' } | { kind: 'gpt2' } | TokenizerFile

/** In bytes: ten times the largest that are about. */
const LARGEST_FILE = 256 * 1024 * 1024

/**
 * @param directory what a relative path is relative to
 * @throws MurmurError `TOKENIZER_INVALID`
 */
export async function openTokenizer(config: TokenizerConfig, directory: string): Promise<Tokenizer> {
  switch (config.kind) {
    case 'bytes':
      return byteTokenizer
    case 'gpt2': {
      const { gpt2Tokenizer } = await import('./gpt2-tokenizer.ts')
      return await gpt2Tokenizer()
    }
    case 'file':
      return await openFile(config, resolve(directory, config.file))
  }
}

/**
 * SHA-256 of a tokenizer's file, in hexadecimal digits.
 * @throws MurmurError `TOKENIZER_INVALID` when there is none, or another one than `sha256` says
 */
export async function hashTokenizerFile(config: TokenizerFile, directory: string): Promise<string> {
  return (await readTokenizerFile(config, resolve(directory, config.file))).sha256
}

async function openFile(config: TokenizerFile, path: string): Promise<Tokenizer> {
  const { text, sha256 } = await readTokenizerFile(config, path)
  const { huggingFaceTokenizer } = await import('./huggingface-tokenizer.ts')
  try {
    return await huggingFaceTokenizer(JSON.parse(text), `sha256:${sha256}`)
  } catch (cause) {
    const why = (cause as Error).message
    throw invalid(path, `expected a Hugging Face tokenizer.json: ${why}`, cause)
  }
}

async function readTokenizerFile({ sha256 }: TokenizerFile, path: string): Promise<{ text: string; sha256: string }> {
  const content = await read(path)
  const found = createHash('sha256').update(content).digest('hex')
  if (sha256 !== undefined && sha256 !== found) {
    throw invalid(
      path,
      `it is not the one of this run: expected SHA-256 ${sha256}, found ${found}; every peer of a run needs the same file`,
    )
  }
  return { text: content.toString('utf8'), sha256: found }
}

async function read(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    if (size > LARGEST_FILE) throw invalid(path, `expected at most ${LARGEST_FILE} bytes, found ${size}`)
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof MurmurError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw invalid(path, code === 'ENOENT' ? 'there is no such file' : message, cause)
  }
}

function invalid(path: string, problem: string, cause?: unknown): MurmurError {
  return new MurmurError({
    code: 'TOKENIZER_INVALID',
    message: `The tokenizer ${path} cannot be used: ${problem}`,
    details: { path },
    cause,
  })
}
