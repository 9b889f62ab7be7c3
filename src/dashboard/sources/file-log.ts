import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Observation } from '../timeline/observation.ts'
import type { ObservationLog, ReadBatch } from '../timeline/observation-log.ts'
import { FILE_BEGIN, type FilePosition, fileSize, type ReadEvent, readPart } from './event-file.ts'

/** Where each file was read up to; the beginning, for those that are not there. */
export type FilesPosition = ReadonlyMap<string, FilePosition>

export interface FileLog extends ObservationLog<FilesPosition> {
  /** Knows of another file. */
  addFile(path: string): void
  /** Lines of each file passed over so far, counted when they were first read. */
  damaged(path: string): number
  /** Who wrote the file, once some of it was read. */
  author(path: string): string | undefined
  /** Whole events of all files from a position on, oldest first, with the bytes that were read for each batch. */
  readAll(from: FilesPosition, signal: AbortSignal): AsyncGenerator<ReadBatch<FilesPosition> & { bytes: number }>
}

/** Bytes of all files together to read at a time, and of each at least and at most: while they are parsed nobody is answered. */
const TOTAL_CHUNK = 1 << 20
/** Enough for a look at a moment, and for reading through. */
const LEAST_CHUNK = { look: 8 << 10, through: 32 << 10 }
const MOST_CHUNK = 256 << 10

/** Several peers' events.jsonl as one log in the order of time. */
export function fileLog(): FileLog {
  return new MergedFiles()
}

interface Cursor {
  readonly path: string
  /** After what was taken. */
  taken: FilePosition
  /** After what was read. */
  read: FilePosition
  waiting: ReadEvent[]
  ended: boolean
}

class MergedFiles implements FileLog {
  readonly begin: FilesPosition = new Map()
  readonly whole = true
  readonly #paths = new Set<string>()
  readonly #authors = new Map<string, string>()
  readonly #damaged = new Map<string, { count: number; upTo: number }>()

  holds(): boolean {
    return true
  }

  addFile(path: string): void {
    this.#paths.add(path)
  }

  damaged(path: string): number {
    return this.#damaged.get(path)?.count ?? 0
  }

  author(path: string): string | undefined {
    return this.#authors.get(path)
  }

  async *read(from: FilesPosition, until: number, signal: AbortSignal) {
    for await (const { observations, position } of this.#merge(from, until, LEAST_CHUNK.look, signal))
      yield { observations, position }
  }

  async *readAll(from: FilesPosition, signal: AbortSignal) {
    yield* this.#merge(from, Number.POSITIVE_INFINITY, LEAST_CHUNK.through, signal)
  }

  async *#merge(from: FilesPosition, until: number, least: number, signal: AbortSignal) {
    const cursors = Array.from(this.#paths, (path): Cursor => {
      const position = from.get(path) ?? FILE_BEGIN
      return { path, taken: position, read: position, waiting: [], ended: false }
    })
    const chunk = Math.min(MOST_CHUNK, Math.max(least, Math.floor(TOTAL_CHUNK / cursors.length)))
    for (;;) {
      signal.throwIfAborted()
      let bytes = 0
      for (const cursor of cursors) {
        if (cursor.waiting.length > 0 || cursor.ended) continue
        bytes += await this.#fill(cursor, chunk)
        if (bytes >= TOTAL_CHUNK) await turn(signal)
      }
      // Up to here no file has anything that was not read yet.
      const safe = Math.min(
        until,
        ...cursors.flatMap(({ ended, waiting }) => (ended ? [] : (waiting.at(-1)?.event.time ?? []))),
      )
      const observations = cursors.flatMap(cursor => take(cursor, safe)).sort((one, other) => one.time - other.time)
      const over = cursors.every(({ ended, waiting }) => (waiting[0] ? waiting[0].event.time > until : ended))
      const position: FilesPosition = new Map(cursors.map(({ path, taken }) => [path, taken]))
      if (observations.length > 0 || bytes > 0) yield { observations, position, bytes }
      if (over) return
      await turn(signal)
    }
  }

  /** @returns bytes read */
  async #fill(cursor: Cursor, chunk: number): Promise<number> {
    const begin = cursor.read.offset
    if ((await fileSize(cursor.path)) <= begin) {
      cursor.ended = true
      return 0
    }
    while (cursor.waiting.length === 0 && !cursor.ended) {
      const before = cursor.read.offset
      const { events, position, damaged, ended } = await readPart(cursor.path, cursor.read, chunk)
      cursor.waiting = events
      if (events[0] && !this.#authors.has(cursor.path)) this.#authors.set(cursor.path, events[0].event.by)
      cursor.read = position
      cursor.ended = ended
      if (events.length === 0) cursor.taken = position
      this.#countDamaged(cursor.path, before, damaged, position.offset)
    }
    return cursor.read.offset - begin
  }

  /** What is read again is not counted again. */
  #countDamaged(path: string, from: number, damaged: number, upTo: number): void {
    const known = this.#damaged.get(path) ?? { count: 0, upTo: 0 }
    if (from < known.upTo) return
    this.#damaged.set(path, { count: known.count + damaged, upTo })
  }
}

/** Lets others have theirs. @throws the signal's reason, not what Node makes of it */
async function turn(signal: AbortSignal): Promise<void> {
  await nextTurn()
  signal.throwIfAborted()
}

/** Takes the cursor's events up to a time. */
function take(cursor: Cursor, until: number): Observation[] {
  const { waiting } = cursor
  const found = waiting.findIndex(({ event }) => event.time > until)
  const count = found < 0 ? waiting.length : found
  const taken = waiting.slice(0, count)
  cursor.waiting = waiting.slice(count)
  if (count > 0) cursor.taken = taken.at(-1)!.position
  if (cursor.waiting.length === 0 && count > 0) cursor.taken = cursor.read
  return taken.map(({ event }) => event)
}
