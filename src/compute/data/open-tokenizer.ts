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
  /** SHA-256 of its content, in 64 hexadecimal digits: no other content is opened. */
  sha256: string
}

export type TokenizerConfig = { kind: 'bytes' } | { kind: 'gpt2' } | TokenizerFile

/** Largest tokenizer.json that is opened, and that one peer hands to another, in bytes. */
export const LARGEST_TOKENIZER = 64 * 1024 * 1024

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
      return await parseTokenizer(await readTokenizerFile(config, directory), resolve(directory, config.file))
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
      return await readTokenizerFile(config, directory)
  }
}

/**
 * The SHA-256 of a tokenizer.json, in hexadecimal digits: by it whoever starts a run says which one is meant.
 * @throws MurmurError `TOKENIZER_INVALID` when there is none, or what is there is no tokenizer
 */
export async function identifyTokenizerFile(file: string, directory: string): Promise<string> {
  const path = resolve(directory, file)
  const content = await read(path)
  await parseTokenizer(content, path) // so that nobody is invited to what cannot be used
  return hashOf(content)
}

/**
 * The content of a tokenizer's file, which may be no tokenizer.
 * @throws MurmurError `TOKENIZER_INVALID` when there is none, or another one than `sha256` says
 */
export async function readTokenizerFile({ file, sha256 }: TokenizerFile, directory: string): Promise<Buffer> {
  const path = resolve(directory, file)
  const content = await read(path)
  const found = hashOf(content)
  if (sha256 !== found) {
    throw new MurmurError({
      code: 'TOKENIZER_INVALID',
      message: `The tokenizer ${path} is not the one of this run: expected SHA-256 ${sha256}, found ${found}`,
      details: { path, expected: sha256, found },
    })
  }
  return content
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

/**
 * The tokenizer that a tokenizer.json describes.
 * @param path where the content is from, for messages
 * @throws MurmurError `TOKENIZER_INVALID`
 */
export async function parseTokenizer(content: Uint8Array, path: string): Promise<Tokenizer> {
  const { huggingFaceTokenizer } = await import('./huggingface-tokenizer.ts')
  try {
    return await huggingFaceTokenizer(JSON.parse(new TextDecoder().decode(content)), `sha256:${hashOf(content)}`)
  } catch (cause) {
    throw invalidTokenizer(path, `expected a Hugging Face tokenizer.json: ${(cause as Error).message}`, cause)
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    const stats = await stat(path)
    if (!stats.isFile()) throw invalidTokenizer(path, 'it is no file') // a device could go on for ever
    const { size } = stats
    if (size > LARGEST_TOKENIZER) {
      throw invalidTokenizer(path, `expected at most ${LARGEST_TOKENIZER} bytes, found ${size}`)
    }
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof MurmurError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw invalidTokenizer(path, code === 'ENOENT' ? 'there is no such file' : message, cause)
  }
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
