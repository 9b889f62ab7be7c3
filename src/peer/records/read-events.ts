import { createReadStream } from 'node:fs'
import { storageError } from '../../core/storage.ts'
import type { Recorded } from '../../core/telemetry.ts'
import { recordedSchema } from './event-schema.ts'

/** A line longer than this is damaged: no event is, and a reader's memory stays bounded. Bytes. */
const MAX_LINE = 64 * 1024
const NEWLINE = 0x0a

export interface EventReader extends AsyncIterable<Recorded> {
  /** Lines passed over so far because they were no valid event. */
  readonly damaged: number
}

/**
 * Reads events.jsonl as a stream, each line checked; damaged lines are counted and passed over.
 * Iterating @throws MurmurError `STORAGE_FAILED` if the file cannot be read.
 */
export function readEvents(path: string, signal?: AbortSignal): EventReader {
  let damaged = 0
  return {
    get damaged() {
      return damaged
    },
    async *[Symbol.asyncIterator]() {
      damaged = 0
      for await (const line of lines(path, signal)) {
        const event = line === undefined ? undefined : parseEvent(line)
        if (event) yield event
        else damaged++
      }
    },
  }
}

/** One line of events.jsonl; undefined if it is no valid event. */
export function parseEvent(line: string): Recorded | undefined {
  try {
    const result = recordedSchema.safeParse(JSON.parse(line))
    return result.success ? result.data : undefined
  } catch {
    return undefined
  }
}

/** Lines without their newlines; undefined for one that is too long. Empty lines are left out. */
async function* lines(path: string, signal?: AbortSignal): AsyncGenerator<string | undefined> {
  let held: Buffer[] = []
  let length = 0
  const take = (): string | undefined => {
    const line = length > MAX_LINE ? undefined : Buffer.concat(held).toString()
    held = []
    length = 0
    return line
  }
  for await (const chunk of chunks(path, signal)) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      held.push(chunk.subarray(start, end))
      length += end - start
      start = end + 1
      if (length > 0) yield take()
    }
    length += chunk.length - start
    if (length > MAX_LINE) held = []
    else if (start < chunk.length) held.push(chunk.subarray(start))
  }
  if (length > 0) yield take()
}

async function* chunks(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { signal })
  } catch (cause) {
    signal?.throwIfAborted()
    throw storageError('read the events', path, cause)
  }
}
