import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { byteTokenizer } from './byte-tokenizer.ts'
import type { Tokenizer } from './tokenizer.ts'
import { byteLevelJson } from './tokenizer-json.ts'

export interface TokenizerFile {
  kind: 'file'
  /** A Hugging Face tokenizer.json. */
  file: string
  /** SHA-256 of its content, in 64 hexadecimal digits; empty for any content. */
  sha256: string
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
      return await openFile(config, directory)
  }
}

/**
 * The tokenizer as a Hugging Face tokenizer.json.
 * @throws MurmurError `TOKENIZER_INVALID`
 */
export async function tokenizerJson(config: TokenizerConfig, directory: string): Promise<Uint8Array> {
  switch (config.kind) {
    case 'bytes': {
      const pieces = Array.from({ length: byteTokenizer.vocabulary }, (_, byte) => Uint8Array.of(byte))
      return Buffer.from(JSON.stringify(byteLevelJson({ pieces, special: [], words: false })))
    }
    case 'gpt2': {
      const { gpt2TokenizerJson } = await import('./gpt2-tokenizer.ts')
      return Buffer.from(JSON.stringify(await gpt2TokenizerJson()))
    }
    case 'file':
      return (await readTokenizerFile(config, directory)).content
  }
}

/**
 * The content of a tokenizer's file and its SHA-256, in hexadecimal digits.
 * @throws MurmurError `TOKENIZER_INVALID` when there is none, or another one than `sha256` says
 */
export async function readTokenizerFile(
  { file, sha256 }: TokenizerFile,
  directory: string,
): Promise<{ content: Buffer; sha256: string }> {
  const path = resolve(directory, file)
  const content = await read(path)
  const found = createHash('sha256').update(content).digest('hex')
  if (sha256 !== '' && sha256 !== found) {
    throw new MurmurError({
      code: 'TOKENIZER_INVALID',
      message: `The tokenizer ${path} is not the one of this run: expected SHA-256 ${sha256}, found ${found}`,
      details: { path, expected: sha256, found },
    })
  }
  return { content, sha256: found }
}

/** One line on what is wrong with a tokenizer's file. */
export function invalidTokenizer(path: string, problem: string, cause?: unknown): MurmurError {
  return new MurmurError({
    code: 'TOKENIZER_INVALID',
    message: `The tokenizer ${path} cannot be used: ${problem}`,
    details: { path },
    cause,
  })
}

async function openFile(config: TokenizerFile, directory: string): Promise<Tokenizer> {
  const { content, sha256 } = await readTokenizerFile(config, directory)
  const { huggingFaceTokenizer } = await import('./huggingface-tokenizer.ts')
  try {
    return await huggingFaceTokenizer(JSON.parse(content.toString('utf8')), `sha256:${sha256}`)
  } catch (cause) {
    const path = resolve(directory, config.file)
    throw invalidTokenizer(path, `expected a Hugging Face tokenizer.json: ${(cause as Error).message}`, cause)
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    const stats = await stat(path)
    if (!stats.isFile()) throw invalidTokenizer(path, 'it is no file') // a device could go on for ever
    const { size } = stats
    if (size > LARGEST_FILE) throw invalidTokenizer(path, `expected at most ${LARGEST_FILE} bytes, found ${size}`)
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof MurmurError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw invalidTokenizer(path, code === 'ENOENT' ? 'there is no such file' : message, cause)
  }
}
