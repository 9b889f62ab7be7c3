import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { systemClock } from '../core/clock.ts'
import type { ErrorCode, ErrorData } from '../core/errors.ts'
import { type ColorStream, type Paint, paintFor } from './paint.ts'
import type { StatusView } from './progress/status.ts'
import type { Canvas, ProgressInit, ProgressView } from './progress/view.ts'

/** A process's output stream: a terminal, a pipe or a file. */
export interface OutputStream extends Writable, ColorStream {
  columns?: number
  rows?: number
}

export interface OutputComponents {
  stdout: OutputStream
  stderr: OutputStream
  env: Readonly<Record<string, string | undefined>>
}

export interface OutputInit {
  /** Results as JSON, one object a line. @default false */
  json?: boolean
  /** Nothing but results and errors. @default false */
  quiet?: boolean
}

/** A failure as data; `UNEXPECTED` for a bug. */
type FailureData = Omit<ErrorData, 'code'> & { code: ErrorCode | 'UNEXPECTED' }

/** The one place that writes to stdout and stderr: results to the first, everything else to the second. */
export interface Output {
  readonly json: boolean
  /** For results. Plain unless stdout is a terminal that shows colours. */
  readonly paint: Paint
  /** Of the terminal that stdout is; undefined for a pipe or a file. */
  readonly columns: number | undefined
  /** Fires with the system's error when stdout takes no more: `EPIPE` if its reader has gone away, as `head` does. */
  readonly closed: AbortSignal
  /** A result: with --json `value` as one line of JSON, else the text for people. Text may have several lines. */
  result(value: unknown, text: () => string): void
  /** Part of a result that grows, as text. Resolves when there is room for more. */
  stream(text: string, signal: AbortSignal): Promise<void>
  /** The help: on stdout if it was asked for, else on stderr. */
  help(text: string, asked: boolean): void
  /** A line for people, on stderr. Not with --quiet. */
  line(text: string): void
  /** A warning, on stderr. Not with --quiet. */
  warn(message: string): void
  /** The line with which a command fails, on stderr; with --json also as an object on stdout. */
  failure(error: FailureData): void
  /** Shows progress on stderr: a live view on a terminal, lines elsewhere, nothing with --quiet. One at a time. */
  progress(init: ProgressInit): Promise<ProgressView>
  /** The same for anything else that takes long: a few lines on a terminal, the first of them now and then elsewhere. */
  status(): Promise<StatusView>
  /** A result that is redrawn in place, on stdout; undefined where that is no terminal. */
  screen(): Promise<Screen | undefined>
}

interface Screen {
  draw(lines: (columns: number, rows: number) => readonly string[]): void
  /** Leaves what was drawn standing. */
  done(): void
}

class StandardOutput implements Output {
  readonly json: boolean
  readonly paint: Paint
  readonly closed: AbortSignal
  readonly #quiet: boolean
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #env: OutputComponents['env']
  /** Runs a write with the live view out of its way. */
  #aside: (write: () => void) => void = write => write()

  constructor({ stdout, stderr, env }: OutputComponents, init: OutputInit, closed: AbortSignal) {
    this.json = init.json ?? false
    this.#quiet = init.quiet ?? false
    this.#stdout = stdout
    this.#stderr = stderr
    this.#env = env
    this.paint = paintFor(stdout, env)
    this.closed = closed
  }

  get columns(): number | undefined {
    return this.#stdout.isTTY ? this.#stdout.columns : undefined
  }

  result(value: unknown, text: () => string): void {
    this.#write(this.#stdout, `${this.json ? JSON.stringify(value) : text()}\n`)
  }

  async stream(text: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#stdout.write(this.#stdout.isTTY ? withoutControls(text) : text))
      await once(this.#stdout, 'drain', { signal })
  }

  help(text: string, asked: boolean): void {
    this.#write(asked ? this.#stdout : this.#stderr, text)
  }

  line(text: string): void {
    if (!this.#quiet) this.#write(this.#stderr, `${text}\n`)
  }

  warn(message: string): void {
    this.line(`murmur: warning: ${oneLine(message)}`)
  }

  failure(error: FailureData): void {
    this.#write(this.#stderr, `murmur: ${oneLine(error.message)}\n`)
    if (this.json) this.#write(this.#stdout, `${JSON.stringify({ error })}\n`)
  }

  async progress(init: ProgressInit): Promise<ProgressView> {
    const { liveView, plainView, silentView } = await import('./progress/view.ts')
    if (this.#quiet) return silentView
    if (!this.#canDraw) return plainView(text => this.line(text), init)
    return this.#live(canvas => liveView(canvas, init))
  }

  async status(): Promise<StatusView> {
    const { liveStatus, plainStatus, silentStatus } = await import('./progress/status.ts')
    if (this.#quiet) return silentStatus
    if (!this.#canDraw) return plainStatus(text => this.line(text), systemClock.now)
    return this.#live(liveStatus)
  }

  async screen(): Promise<Screen | undefined> {
    const stream = this.#stdout
    if (!stream.isTTY || this.#env.TERM === 'dumb') return undefined
    const { createLogUpdate } = await import('log-update')
    const update = createLogUpdate(stream as NodeJS.WriteStream)
    return {
      draw: lines => update(lines(stream.columns ?? 80, stream.rows ?? 24).join('\n')),
      done: () => update.done(),
    }
  }

  get #canDraw(): boolean {
    return this.#stderr.isTTY === true && this.#env.TERM !== 'dumb'
  }

  async #live<V extends { redraw(): void }>(view: (canvas: Canvas) => V): Promise<V> {
    const { createLogUpdate } = await import('log-update')
    const stream = this.#stderr
    const paint = paintFor(stream, this.#env)
    // log-update asks the stream for its size and writes to it, no more.
    const update = createLogUpdate(stream as NodeJS.WriteStream)
    const live = view({
      draw: lines => update(lines.join('\n')),
      done: () => {
        this.#aside = write => write()
        update.done()
      },
      options: () => ({ columns: stream.columns ?? 80, rows: stream.rows ?? 24, paint }),
    })
    this.#aside = write => {
      update.clear()
      write()
      live.redraw()
    }
    return live
  }

  #write(stream: OutputStream, text: string): void {
    this.#aside(() => stream.write(text))
  }
}

/** What a model wrote must not steer the terminal: all control characters but newline and tab are replaced. */
function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '\ufffd')
}

/** Messages of native libraries can have several lines; an error is told in one. */
function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ')
}

/** Writes to the given streams. When one of them breaks, what is written to it later is dropped. */
export function createOutput(components: OutputComponents, init: OutputInit = {}): Output {
  const closed = new AbortController()
  components.stdout.on('error', error => closed.abort(error))
  components.stderr.on('error', () => {}) // nobody is left to tell
  return new StandardOutput(components, init, closed.signal)
}
