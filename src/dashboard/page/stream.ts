import type { StreamEvents } from '../api/stream.ts'
import { type StreamInit, streamAddress } from './stream-address.ts'

export type StreamHandlers = { readonly [Name in keyof StreamEvents]: (message: StreamEvents[Name]) => void } & {
  /** `open`: messages come. `lost`: they do not, and it tries again by itself. */
  readonly connection: (state: 'open' | 'lost') => void
}

/** How long to wait before another try: longer each time, milliseconds. */
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000]

/**
 * Follows `/api/stream` and opens it again when it breaks: from the last message that came, so that the server can tell what
 * was missed. A replay goes on from the moment it had reached; one that went over into following goes on following.
 */
export function openStream(init: StreamInit, handlers: StreamHandlers): { close(): void } {
  let source: EventSource | undefined
  let timer: number | undefined
  let failures = 0
  let reached = init.at
  let last = ''
  let closed = false

  const close = () => {
    closed = true
    source?.close()
    clearTimeout(timer)
  }

  const open = () => {
    const opened = new EventSource(streamAddress({ at: reached, speed: init.speed }, last))
    source = opened
    const on = <Name extends keyof StreamEvents>(name: Name, handle: (message: StreamEvents[Name]) => void) =>
      opened.addEventListener(name, event => {
        if (closed || opened !== source) return
        const { data, lastEventId } = event as MessageEvent<string>
        last = lastEventId
        handle(JSON.parse(data))
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
