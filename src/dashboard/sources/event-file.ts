import { open, stat } from 'node:fs/promises'
import { storageError } from '../../core/storage.ts'
import type { Recorded } from '../../core/telemetry.ts'
import { parseEvent } from '../../peer/records/read-events.ts'

/** After a whole line of a file. */
export interface FilePosition {
  /** Bytes. */
  readonly offset: number
  /** Of the latest event before it: a clock that was set back does not turn the order round. */
  readonly time: number
}

export const FILE_BEGIN: FilePosition = { offset: 0, time: Number.NEGATIVE_INFINITY }

/** An event and where it ends. */
export interface ReadEvent {
  readonly event: Recorded
  readonly position: FilePosition
}

interface ReadPart {
  events: ReadEvent[]
  /** After the last whole line that was read, valid or not. */
  position: FilePosition
  damaged: number
  /** Nothing whole is left to read for now. */
  ended: boolean
}

const NEWLINE = 0x0a

/** A line longer than this is damaged; bytes. A file that has none for so long is passed over in pieces of this. */
const MAX_LINE = 64 * 1024

/**
 * Reads the whole lines of a part of an events.jsonl, of about `bytes` bytes; a line that is still being written is left
 * for later. @throws MurmurError `STORAGE_FAILED`
 */
export async function readPart(path: string, from: FilePosition, bytes: number): Promise<ReadPart> {
  let chunk = await readBytes(path, from.offset, bytes)
  let ended = chunk.length < bytes
  if (!ended && bytes < MAX_LINE && chunk.lastIndexOf(NEWLINE) < 0) {
    chunk = await readBytes(path, from.offset, MAX_LINE)
    ended = chunk.length < MAX_LINE
  }
  const end = chunk.lastIndexOf(NEWLINE) + 1
  if (end === 0) {
    // Nothing but the middle of a line that is too long: passed over, unless it may still be growing.
    const skipped = ended && chunk.length < MAX_LINE ? 0 : chunk.length
    return { events: [], position: { ...from, offset: from.offset + skipped }, damaged: skipped > 0 ? 1 : 0, ended }
  }
  return { ...parseLines(chunk.subarray(0, end), from), ended }
}

function parseLines(chunk: Buffer, from: FilePosition): Omit<ReadPart, 'ended'> {
  const events: ReadEvent[] = []
  let position = from
  let damaged = 0
  for (let start = 0; start < chunk.length; ) {
    const end = chunk.indexOf(NEWLINE, start)
    const offset = from.offset + end + 1
    const event = end > start ? parseEvent(chunk.toString('utf8', start, end)) : undefined
    if (event) {
      const time = Math.max(event.time, position.time)
      position = { offset, time }
      events.push({ event: time === event.time ? event : { ...event, time }, position })
    } else {
      position = { offset, time: position.time }
      if (end > start) damaged++
    }
    start = end + 1
  }
  return { events, position, damaged }
}

async function readBytes(path: string, offset: number, length: number): Promise<Buffer> {
  try {
    await using file = await open(path)
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  } catch (error) {
    throw storageError('read the events', path, error)
  }
}

/** Where the last `bytes` bytes of a file begin, at the start of a line. @throws MurmurError `STORAGE_FAILED` */
export async function tailPosition(path: string, size: number, bytes: number): Promise<FilePosition> {
  if (size <= bytes) return FILE_BEGIN
  const start = size - bytes
  const newline = (await readBytes(path, start, Math.min(bytes, MAX_LINE))).indexOf(NEWLINE)
  return { offset: newline < 0 ? size : start + newline + 1, time: Number.NEGATIVE_INFINITY }
}

/** Bytes. @throws MurmurError `STORAGE_FAILED` */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    throw storageError('look at', path, error)
  }
}
