import type { StreamEvents } from '../api/stream.ts'

export type StreamHandlers = { readonly [Name in keyof StreamEvents]: (message: StreamEvents[Name]) => void } & {
  /** `open`: messages come. `lost`: they do not, and it tries again by itself. */
  readonly connection: (state: 'open' | 'lost') => void
}

export interface StreamInit {
  /** Where to play from; undefined follows the end. */
  at?: number
  speed?: number
}

/** How long to wait before another try: longer each time, milliseconds. */
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000]

/**
 * Follows `/api/stream` and opens it again when it breaks. A replay that broke goes on from the moment it had
 * reached, not from its beginning.
 */
export function openStream(init: StreamInit, handlers: StreamHandlers): { close(): void } {
  let source: EventSource | undefined
  let timer: number | undefined
  let failures = 0
  let reached = init.at
  let closed = false

  const close = () => {
    closed = true
    source?.close()
    clearTimeout(timer)
  }

  const open = () => {
    const opened = new EventSource(address(init.speed === undefined ? undefined : reached, init.speed))
    source = opened
    const on = <Name extends keyof StreamEvents>(name: Name, handle: (message: StreamEvents[Name]) => void) =>
      opened.addEventListener(name, event => {
        if (!closed && opened === source) handle(JSON.parse((event as MessageEvent<string>).data))
      })
    on('snapshot', message => {
      failures = 0
      reached = message.state.time
      handlers.connection('open')
      handlers.snapshot(message)
    })
    on('delta', message => {
      reached = message.time
      handlers.delta(message)
    })
    on('run', handlers.run)
    on('end', message => {
      close()
      handlers.end(message)
    })
    opened.addEventListener('error', () => {
      if (closed || opened !== source) return
      // The browser's own retry would ask for a replay's first moment again, and gives up on an error status.
      opened.close()
      handlers.connection('lost')
      timer = window.setTimeout(open, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)])
    })
  }

  open()
  return { close }
}

function address(at: number | undefined, speed: number | undefined): string {
  if (at === undefined || speed === undefined) return '/api/stream'
  return `/api/stream?${new URLSearchParams({ at: String(Math.round(at)), speed: String(speed) })}`
}
