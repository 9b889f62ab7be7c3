import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { MurmurError } from '../../core/errors.ts'
import { isErrno, storageError } from '../../core/storage.ts'
import type { TokenSequence } from './token-sequence.ts'

/**
 * A file of tokens: little-endian uint16, or uint32 where the vocabulary is larger than 65,536, then JSON that
 * describes them, then the length of the JSON in 8 bytes. What describes comes last, so that a file that was not
 * finished does not look like one.
 */
interface TokenFileDescription {
  format: typeof FORMAT
  /** What was tokenised, and how: see `token-cache.ts`. */
  identity: string
  vocabulary: number
  /** Of each document, in their order. */
  tokens: number[]
}

export interface TokenFile extends TokenSequence {
  /** Tokens of each document, in their order. */
  readonly tokens: readonly number[]
}

const FORMAT = 'murmuration-tokens-1'
const SUFFIX_BYTES = 8
/** In bytes: some ten million documents. */
const LARGEST_DESCRIPTION = 256 * 1024 * 1024
/** Tokens gathered before they are written. */
const BUFFER = 1 << 18

const bytesPerToken = (vocabulary: number) => (vocabulary > 0x10000 ? 4 : 2)

/**
 * Opens a file of tokens.
 * @returns undefined when there is none, or when it is not whole or holds something else: it has to be made anew
 * @throws MurmurError `STORAGE_FAILED`
 */
export function openTokenFile(path: string, identity: string, vocabulary: number): TokenFile | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    const tokens = readDescription(descriptor, identity, vocabulary)
    if (tokens) return new OpenTokenFile(path, descriptor, tokens, vocabulary)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    if (descriptor !== undefined) closeSync(descriptor)
    throw storageError('read the tokenised corpus', path, error)
  }
  closeSync(descriptor)
  return undefined
}

/** Writes tokens to an open, empty file. */
export interface TokenFileWriter {
  /** Appends tokens to the present document. */
  add(tokens: Int32Array): Promise<void>
  endDocument(): void
  /** Writes what is left and what describes it. */
  finish(): Promise<void>
}

export function tokenFileWriter(file: FileHandle, identity: string, vocabulary: number): TokenFileWriter {
  const buffer = bytesPerToken(vocabulary) === 4 ? new Uint32Array(BUFFER) : new Uint16Array(BUFFER)
  const counts: number[] = []
  let filled = 0
  let inDocument = 0
  const flush = async () => {
    await file.writeFile(new Uint8Array(buffer.buffer, 0, filled * buffer.BYTES_PER_ELEMENT))
    filled = 0
  }
  return {
    async add(tokens) {
      inDocument += tokens.length
      for (let from = 0; from < tokens.length; ) {
        const part = tokens.subarray(from, from + BUFFER - filled)
        buffer.set(part, filled)
        filled += part.length
        from += part.length
        if (filled === BUFFER) await flush()
      }
    },
    endDocument() {
      counts.push(inDocument)
      inDocument = 0
    },
    async finish() {
      await flush()
      const description: TokenFileDescription = { format: FORMAT, identity, vocabulary, tokens: counts }
      const json = Buffer.from(JSON.stringify(description))
      const suffix = Buffer.alloc(SUFFIX_BYTES)
      suffix.writeBigUInt64LE(BigInt(json.length))
      await file.writeFile(Buffer.concat([json, suffix]))
    },
  }
}

/** The tokens of each document, if the file is whole and is the one that is meant. */
function readDescription(descriptor: number, identity: string, vocabulary: number): number[] | undefined {
  const { size } = fstatSync(descriptor)
  if (size < SUFFIX_BYTES) return undefined
  const suffix = Buffer.alloc(SUFFIX_BYTES)
  readSync(descriptor, suffix, 0, SUFFIX_BYTES, size - SUFFIX_BYTES)
  const length = suffix.readBigUInt64LE()
  if (length > Math.min(size - SUFFIX_BYTES, LARGEST_DESCRIPTION)) return undefined
  const json = Buffer.alloc(Number(length))
  const start = size - SUFFIX_BYTES - json.length
  readSync(descriptor, json, 0, json.length, start)
  const found = parse(json.toString())
  if (found?.format !== FORMAT || found.identity !== identity || found.vocabulary !== vocabulary) return undefined
  const tokens = found.tokens ?? []
  const sum = tokens.reduce((total, count) => total + count, 0)
  return sum * bytesPerToken(vocabulary) === start ? tokens : undefined
}

function parse(json: string): Partial<TokenFileDescription> | undefined {
  try {
    return JSON.parse(json) as Partial<TokenFileDescription>
  } catch {
    return undefined
  }
}

class OpenTokenFile implements TokenFile {
  readonly tokens: readonly number[]
  readonly length: number
  readonly #path: string
  readonly #vocabulary: number
  #descriptor: number | undefined
  #buffer: Uint16Array | Uint32Array

  constructor(path: string, descriptor: number, tokens: readonly number[], vocabulary: number) {
    this.#path = path
    this.#descriptor = descriptor
    this.#vocabulary = vocabulary
    this.#buffer = bytesPerToken(vocabulary) === 4 ? new Uint32Array(0) : new Uint16Array(0)
    this.tokens = tokens
    this.length = tokens.reduce((sum, count) => sum + count, 0)
  }

  read(position: number, into: Int32Array): void {
    if (position < 0 || position + into.length > this.length) {
      throw new RangeError(`Expected a read within the corpus's ${this.length} tokens`)
    }
    const tokens = this.#fill(position, into.length)
    for (let i = 0; i < into.length; i++) {
      const token = tokens[i]!
      if (token >= this.#vocabulary) throw this.#damaged(`token ${token} at ${position + i}`)
      into[i] = token
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #fill(position: number, length: number): Uint16Array | Uint32Array {
    if (this.#buffer.length < length) {
      this.#buffer = this.#buffer instanceof Uint32Array ? new Uint32Array(length) : new Uint16Array(length)
    }
    const size = this.#buffer.BYTES_PER_ELEMENT
    const bytes = new Uint8Array(this.#buffer.buffer, 0, length * size)
    for (let read = 0; read < bytes.length; ) {
      const count = readSync(this.#descriptor!, bytes, read, bytes.length - read, position * size + read)
      if (count === 0) throw this.#damaged('it has become shorter')
      read += count
    }
    return this.#buffer
  }

  #damaged(problem: string): MurmurError {
    return new MurmurError({
      code: 'CORPUS_MISSING',
      message: `The tokenised corpus ${this.#path} is damaged (${problem}): remove it, and it is made again`,
      details: { path: this.#path },
    })
  }
}
