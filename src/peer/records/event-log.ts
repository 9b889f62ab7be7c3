import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import { MurmurError } from '../../core/errors.ts'
import { storageError } from '../../core/storage.ts'
import type { Recorded } from '../../core/telemetry.ts'
import type { RecordSink } from './recorder.ts'
import { repairLastLine } from './repair.ts'

export interface EventLogInit {
  /** The file of JSON lines to append to. */
  path: string
  /** Milliseconds between writes to the disk: what a SIGKILL can lose. Must be >= 1. @default 250 */
  flushEveryMs?: number
  /** Most events waiting for the disk; those that come on top are lost and counted. Must be >= 1. @default 10_000 */
  maxPending?: number
}

export interface EventLogComponents {
  clock: Clock
  /** Called once, at the first event that is lost. */
  warn(error: MurmurError): void
}

/** Appends recorded events to a file, one JSON object a line. Losing events never disturbs whoever writes them. */
export interface EventLog extends RecordSink {
  /** Events that did not reach the disk. */
  readonly lost: number
  /** Opens the file and repairs a last line torn by a SIGKILL. @throws MurmurError `STORAGE_FAILED` */
  start(): Promise<void>
  /** Resolves when all events written so far are on the disk or counted as lost. Never rejects. */
  flush(): Promise<void>
  /** Flushes and closes, within two seconds. Idempotent; later events are dropped. */
  close(): Promise<void>
}

const CLOSE_MS = 2000

class JsonLinesLog implements EventLog {
  readonly #path: string
  readonly #flushEveryMs: number
  readonly #maxPending: number
  readonly #components: EventLogComponents
  readonly #closing = new AbortController()
  #file: FileHandle | undefined
  #pending: Recorded[] = []
  #timer = false
  #writing: Promise<void> = Promise.resolve()
  /** Bytes of whole lines in the file; undefined for what is no regular file, such as a pipe or a device. */
  #size: number | undefined
  /** The file may end in the middle of a line. */
  #torn = false
  #lost = 0
  #lostUnsaid = 0

  constructor(components: EventLogComponents, init: EventLogInit) {
    this.#components = components
    this.#path = init.path
    this.#flushEveryMs = atLeastOne('flushEveryMs', init.flushEveryMs ?? 250)
    this.#maxPending = atLeastOne('maxPending', init.maxPending ?? 10_000)
  }

  get lost(): number {
    return this.#lost
  }

  async start(): Promise<void> {
    try {
      await repairLastLine(this.#path)
      this.#file = await open(this.#path, 'a')
      const status = await this.#file.stat()
      if (status.isFile()) this.#size = status.size
    } catch (error) {
      throw storageError('open the event log', this.#path, error)
    }
  }

  write(event: Recorded): void {
    if (this.#closing.signal.aborted) return
    if (this.#pending.length >= this.#maxPending) {
      this.#lose(1, `${this.#maxPending} wait for the disk already`)
      return
    }
    this.#pending.push(event)
    this.#schedule()
  }

  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#append())
    return this.#writing
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    const { clock } = this.#components
    await withDeadline(clock, CLOSE_MS, `closing ${this.#path}`, undefined, async () => {
      await this.flush()
      await this.#file?.close()
    }).catch(error => this.#loseTo(this.#pending.length, error))
    this.#file = undefined
  }

  async #append(): Promise<void> {
    const file = this.#file
    const events = this.#pending
    if (!file || events.length === 0) return
    this.#pending = []
    const lines = events.map(event => `${JSON.stringify(event)}\n`)
    const last = events.at(-1)!
    const unsaid = this.#lostUnsaid
    if (unsaid > 0) lines.unshift(`${JSON.stringify(eventsLost(unsaid, last))}\n`)
    const bytes = Buffer.from((this.#torn ? '\n' : '') + lines.join(''))
    try {
      await file.appendFile(bytes)
      this.#torn = false
      this.#lostUnsaid -= unsaid // more may have been lost during the write
      if (this.#size !== undefined) this.#size += bytes.length
    } catch (error) {
      this.#loseTo(events.length, error)
      await this.#cutTornLine(file)
    }
  }

  /** One write at a time and one timer, however slow the disk is. */
  #schedule(): void {
    if (this.#timer || this.#pending.length === 0) return
    this.#timer = true
    this.#components.clock
      .sleep(this.#flushEveryMs, this.#closing.signal)
      .then(() => this.flush())
      .then(
        () => {
          this.#timer = false
          this.#schedule()
        },
        () => {}, // closing flushes by itself
      )
  }

  /** A disk that fills up takes part of a write: goes back to the last whole line. */
  async #cutTornLine(file: FileHandle): Promise<void> {
    if (this.#size === undefined) return
    await file.truncate(this.#size).then(
      () => {},
      () => {
        this.#torn = true
      },
    )
  }

  #lose(count: number, why: string, cause?: unknown): void {
    if (count === 0) return
    const first = this.#lost === 0
    this.#lost += count
    this.#lostUnsaid += count
    if (!first) return
    const message = `Events are lost: ${why}`
    const details = { path: this.#path }
    this.#components.warn(new MurmurError({ code: 'STORAGE_FAILED', message, details, cause }))
  }

  /** Counts events as lost to a failed operation. */
  #loseTo(count: number, error: unknown): void {
    const known = storageError('write', this.#path, error)
    this.#lose(count, known instanceof Error ? known.message : String(known), error)
  }
}

function eventsLost(count: number, after: Recorded): Recorded {
  const message = `${count} events before this one were lost`
  return { type: 'warning', reason: 'events-lost', message, time: after.time, by: after.by }
}

function atLeastOne(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value
  throw new MurmurError({ code: 'USAGE', message: `Expected \`${name}\` to be an integer >= 1, got ${value}` })
}

export function eventLog(components: EventLogComponents, init: EventLogInit): EventLog {
  return new JsonLinesLog(components, init)
}
