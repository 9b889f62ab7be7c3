import { createHash, randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, systemClock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import { lockHolder, tryLock } from '../../core/file-lock.ts'
import { makeDirectory, storageError } from '../../core/storage.ts'
import type { Corpus } from './corpus.ts'
import { textChunks } from './text-chunks.ts'
import { openTokenFile, type TokenFile, tokenFileWriter } from './token-file.ts'
import type { Tokenizer } from './tokenizer.ts'

/** How far the tokenising is. */
export interface Tokenising {
  /** Bytes of the corpus that are done, of how many. */
  done: number
  total: number
  /** The process at work, where it is another one: how far it is is not known then. */
  process?: number
}

export interface TokenCacheInit {
  /** The folder of tokenised corpora; made if need be. */
  directory: string
  /** Called after every piece of text: thousands of times. */
  onProgress?(progress: Tokenising): void
  signal?: AbortSignal
  clock?: Clock
}

/** Milliseconds between two looks at what another process does. */
const POLL_MS = 200
/** Milliseconds in which a process that tokenises writes something, if it is not stuck. */
const STUCK_MS = 120_000
/** Milliseconds after which an unfinished file is nobody's: every process adds to its own within seconds. */
const ABANDONED_MS = 600_000
/** Of the rules by which text is cut and encoded: with others, other tokens come out. */
const VERSION = 'murmuration-tokens-1'
const SUFFIX = '.tokens'
const PARTIAL = '.partial'

/**
 * The tokens of a corpus, from a file in the cache that is written when it is not there. Its name is a hash of the
 * tokenizer and of the documents' paths, sizes and times of change. Of several processes that want the same one, one
 * makes it and the others wait. It is renamed into place when it is whole; an unfinished or damaged one is made again.
 * @throws MurmurError `CORPUS_MISSING`, `STORAGE_FAILED`, `TIMED_OUT` when the process that makes it is stuck; the
 *   signal's reason
 */
export async function tokenisedCorpus(corpus: Corpus, tokenizer: Tokenizer, init: TokenCacheInit): Promise<TokenFile> {
  return await new TokenCache(corpus, tokenizer, init).open()
}

class TokenCache {
  readonly #corpus: Corpus
  readonly #tokenizer: Tokenizer
  readonly #init: TokenCacheInit
  readonly #clock: Clock
  readonly #identity: string
  /** Begins the names of all that was made of these documents, whatever they contained. */
  readonly #series: string
  readonly #path: string

  constructor(corpus: Corpus, tokenizer: Tokenizer, init: TokenCacheInit) {
    const paths = corpus.documents.map(({ path }) => path)
    const contents = corpus.documents.map(
      ({ path, bytes }) => `${path}\0${bytes}\0${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`,
    )
    this.#corpus = corpus
    this.#tokenizer = tokenizer
    this.#init = init
    this.#clock = init.clock ?? systemClock
    this.#series = hashOf([tokenizer.id, ...paths])
    this.#identity = hashOf([tokenizer.id, ...contents])
    this.#path = join(init.directory, `${this.#series}-${this.#identity}${SUFFIX}`)
  }

  async open(): Promise<TokenFile> {
    let written = -1
    let moved = this.#clock.now()
    for (;;) {
      this.#init.signal?.throwIfAborted()
      const found = this.#find() ?? (await this.#makeAlone())
      if (found) return found
      // Another process is at it.
      const process = await lockHolder(this.#lockPath)
      this.#init.onProgress?.({ done: 0, total: this.#corpus.bytes, process })
      const bytes = await this.#partialBytes()
      if (bytes !== written) moved = this.#clock.now()
      if (this.#clock.now() - moved > STUCK_MS) throw this.#stuck(process)
      written = bytes
      await this.#clock.sleep(POLL_MS, this.#init.signal)
    }
  }

  get #lockPath(): string {
    return `${this.#path}.lock`
  }

  #find(): TokenFile | undefined {
    return openTokenFile(this.#path, this.#identity, this.#tokenizer.vocabulary)
  }

  /** Undefined while another process is at it. */
  async #makeAlone(): Promise<TokenFile | undefined> {
    const { directory } = this.#init
    await makeDirectory(directory).catch((error: unknown) => {
      throw storageError('make the folder for tokenised text, which XDG_CACHE_HOME chooses,', directory, error)
    })
    const lock = await tryLock(this.#lockPath)
    if (!lock) return undefined
    try {
      return this.#find() ?? (await this.#make())
    } finally {
      await lock.release()
    }
  }

  async #make(): Promise<TokenFile> {
    await this.#removeAbandoned()
    const partial = `${this.#path}.${randomUUID()}${PARTIAL}`
    try {
      await this.#write(partial)
      await rename(partial, this.#path)
    } catch (error) {
      await rm(partial, { force: true }).catch(() => {}) // what failed before is what matters
      throw storageError('write the tokenised text', this.#path, error)
    }
    await this.#removeOlder()
    const made = this.#find()
    if (made) return made
    throw new MurmurError({
      code: 'STORAGE_FAILED',
      message: `The tokenised text ${this.#path} cannot be read back as it was written: check the disk`,
      details: { path: this.#path },
    })
  }

  async #write(path: string): Promise<void> {
    const file = await open(path, 'wx')
    try {
      await this.#tokenise(file)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async #tokenise(file: FileHandle): Promise<void> {
    const { signal, onProgress } = this.#init
    const writer = tokenFileWriter(file, this.#identity, this.#tokenizer.vocabulary)
    const total = this.#corpus.bytes
    let done = 0
    for (const document of this.#corpus.documents) {
      for (const { text, bytes } of textChunks(this.#corpus, done, document.bytes)) {
        await writer.add(this.#tokenizer.encode(text))
        done += bytes
        onProgress?.({ done, total })
        await nextTurn() // lets the wish to stop in
        signal?.throwIfAborted()
      }
      writer.endDocument()
    }
    await writer.finish()
  }

  async #partialBytes(): Promise<number> {
    const sizes = await this.#present(`${basename(this.#path)}.`, PARTIAL)
    return sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** What processes that were killed have left. */
  async #removeAbandoned(): Promise<void> {
    for (const { path, changed } of await this.#present('', PARTIAL)) {
      if (this.#clock.date() - changed > ABANDONED_MS) await rm(path, { force: true })
    }
  }

  /** What was made of the same documents before they changed. Whoever reads it still can go on, but for Windows. */
  async #removeOlder(): Promise<void> {
    for (const { path } of await this.#present(`${this.#series}-`, SUFFIX)) {
      if (path !== this.#path) await rm(path, { force: true }).catch(() => {})
    }
  }

  async #present(prefix: string, suffix: string): Promise<{ path: string; bytes: number; changed: number }[]> {
    const { directory } = this.#init
    const names = (await readdir(directory)).filter(name => name.startsWith(prefix) && name.endsWith(suffix))
    const found = await Promise.all(
      names.map(async name => {
        const path = join(directory, name)
        const stats = await stat(path).catch(() => undefined) // gone meanwhile
        return stats && { path, bytes: stats.size, changed: stats.mtimeMs }
      }),
    )
    return found.filter(file => file !== undefined)
  }

  #stuck(process: number | undefined): MurmurError {
    return new MurmurError({
      code: 'TIMED_OUT',
      message: `Process ${process ?? 'unknown'} tokenises the same text and has written nothing for ${STUCK_MS / 1000} seconds: stop it and start again`,
      details: { process, path: this.#path },
    })
  }
}

function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256').update(VERSION)
  for (const part of parts) hash.update('\n').update(part)
  return hash.digest('hex').slice(0, 32)
}
