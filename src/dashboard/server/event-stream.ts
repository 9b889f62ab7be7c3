import type { ServerResponse } from 'node:http'
import type { StreamEvents } from '../api/stream.ts'

/** One reader of server-sent events. */
export interface EventStream {
  /** Fires when the reader has gone, or was sent away. */
  readonly closed: AbortSignal
  /** Bytes that wait for the reader. */
  readonly waiting: number
  send<K extends keyof StreamEvents>(event: K, data: StreamEvents[K], id: string): void
  /** The same text for many readers: see `eventText`. */
  sendText(text: string): void
  /** Keeps proxies and the reader's patience alive. */
  beat(): void
  end(): void
}

/** Bytes of earlier messages that may wait for a reader when the next one comes; one who lets more pile up is sent away. */
const MAX_WAITING = 4 << 20

/** Milliseconds a browser waits before it comes back. */
const RETRY_MS = 1000

export function eventText<K extends keyof StreamEvents>(event: K, data: StreamEvents[K], id: string): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Begins a stream on a response. */
export function eventStream(response: ServerResponse): EventStream {
  const closed = new AbortController()
  let allowed = MAX_WAITING
  response.on('close', () => closed.abort())
  response.on('error', () => closed.abort())
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  const write = (text: string) => {
    if (closed.signal.aborted) return
    if (response.writableLength <= allowed) {
      response.write(text)
      return
    }
    response.destroy()
    closed.abort()
  }
  write(`retry: ${RETRY_MS}\n\n`)
  const stream: EventStream = {
    closed: closed.signal,
    get waiting() {
      return response.writableLength
    },
    send: (event, data, id) => {
      const text = eventText(event, data, id)
      // The first picture of a large swarm takes its time.
      if (event === 'snapshot') allowed = MAX_WAITING + text.length
      write(text)
    },
    sendText: write,
    beat: () => write(': here\n\n'),
    end: () => {
      response.end()
      closed.abort()
    },
  }
  return stream
}
