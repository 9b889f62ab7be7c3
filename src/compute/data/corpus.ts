import { closeSync, openSync, readSync } from 'node:fs'
import { MurmurError } from '../../core/errors.ts'

export interface CorpusDocument {
  /** Where the document is on this machine. */
  path: string
  /** What it is called on every machine: its path below the folder or glob that named it, with `/`. */
  name: string
  bytes: number
}

/**
 * Documents laid end to end. Nothing is held in memory: every read goes to the files by position, so a corpus may be
 * larger than memory, and the operating system's page cache keeps what is read often.
 */
export interface Corpus {
  readonly documents: readonly CorpusDocument[]
  readonly bytes: number
  /**
   * Fills `into` with the bytes from `position` of the concatenated documents.
   * @throws MurmurError `CORPUS_MISSING` when a file has gone or has become shorter
   */
  read(position: number, into: Uint8Array): void
  close(): void
}

export interface CorpusInit {
  /** Files held open at once, the least recently used is closed first. @default 64 */
  openFiles?: number
}

export function corpus(documents: readonly CorpusDocument[], init: CorpusInit = {}): Corpus {
  return new FileCorpus(documents, init.openFiles ?? 64)
}

class FileCorpus implements Corpus {
  readonly documents: readonly CorpusDocument[]
  readonly bytes: number
  /** First byte of each document in the concatenation. */
  readonly #starts: Float64Array
  readonly #openFiles: number
  /** Document index -> file descriptor, least recently used first. */
  readonly #descriptors = new Map<number, number>()

  constructor(documents: readonly CorpusDocument[], openFiles: number) {
    this.documents = documents
    this.#openFiles = openFiles
    this.#starts = startsOf(documents.map(document => document.bytes))
    this.bytes = documents.reduce((sum, document) => sum + document.bytes, 0)
  }

  read(position: number, into: Uint8Array): void {
    let filled = 0
    for (let i = indexAt(this.#starts, position); filled < into.length; i++) {
      const document = this.documents[i]
      if (!document) throw new RangeError(`Expected a read within the corpus's ${this.bytes} bytes`)
      const offset = position + filled - this.#starts[i]!
      const length = Math.min(into.length - filled, document.bytes - offset)
      this.#readDocument(i, document, offset, into.subarray(filled, filled + length))
      filled += length
    }
  }

  close(): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor)
    this.#descriptors.clear()
  }

  #readDocument(index: number, document: CorpusDocument, offset: number, into: Uint8Array): void {
    let filled = 0
    try {
      const descriptor = this.#descriptor(index, document.path)
      while (filled < into.length) {
        const count = readSync(descriptor, into, filled, into.length - filled, offset + filled)
        if (count === 0) break
        filled += count
      }
    } catch (cause) {
      throw new MurmurError({
        code: 'CORPUS_MISSING',
        message: `The corpus file ${document.path} cannot be read: ${(cause as Error).message}`,
        details: { path: document.path },
        cause,
      })
    }
    if (filled === into.length) return
    throw new MurmurError({
      code: 'CORPUS_MISSING',
      message: `The corpus file ${document.path} has become shorter while training: expected ${document.bytes} bytes`,
      details: { path: document.path, expected: document.bytes },
    })
  }

  #descriptor(index: number, path: string): number {
    const held = this.#descriptors.get(index)
    this.#descriptors.delete(index)
    const descriptor = held ?? openSync(path, 'r')
    this.#descriptors.set(index, descriptor)
    if (this.#descriptors.size > this.#openFiles) {
      const [oldest, oldestDescriptor] = this.#descriptors.entries().next().value!
      this.#descriptors.delete(oldest)
      closeSync(oldestDescriptor)
    }
    return descriptor
  }
}

/** Where each of several pieces laid end to end begins. */
export function startsOf(sizes: readonly number[]): Float64Array {
  const starts = new Float64Array(sizes.length)
  for (let i = 1; i < sizes.length; i++) starts[i] = starts[i - 1]! + sizes[i - 1]!
  return starts
}

/** The last piece that begins at or before `position`. */
export function indexAt(starts: Float64Array, position: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (starts[middle]! <= position) low = middle
    else high = middle - 1
  }
  return low
}
