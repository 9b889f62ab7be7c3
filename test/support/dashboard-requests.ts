import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../src/core/clock.ts'
import type { StreamEvents } from '../../src/dashboard/api/stream.ts'
import { createDashboard, type DashboardComponents, type DashboardInit } from '../../src/dashboard/server/server.ts'

export interface Reply {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

export interface RequestInit {
  method?: string
  headers?: Record<string, string>
}

/** A dashboard on a port of its own, and ways to ask it. Stopped when the test ends. */
export async function dashboardUnderTest(
  t: ExecutionContext,
  source: DashboardComponents['source'],
  init: Partial<DashboardInit> & { metrics?: DashboardComponents['metrics'] } = {},
) {
  const { metrics, ...rest } = init
  const dashboard = createDashboard({ clock: systemClock, source, metrics }, { port: 0, version: 'test', ...rest })
  t.teardown(() => dashboard.stop())
  const { url, port } = await dashboard.start()
  const open = (path: string, { method = 'GET', headers = {} }: RequestInit = {}): ClientRequest => {
    // The path goes out as it is: `fetch` would tidy it up.
    const sent = request({ host: '127.0.0.1', port, path, method, headers })
    t.teardown(() => sent.destroy())
    sent.on('error', () => {}) // looked at by the test, as a missing answer
    sent.end()
    return sent
  }
  const ask = async (path: string, requestInit?: RequestInit): Promise<Reply> => {
    const [response] = (await once(open(path, requestInit), 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }
  }
  const listen = async (path: string, requestInit?: RequestInit): Promise<Messages> => {
    const sent = open(path, requestInit)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return { ...messages(response), close: () => sent.destroy(), response }
  }
  return { dashboard, url, port, ask, open, listen }
}

export type Message = { [K in keyof StreamEvents]: { event: K; id: string; data: StreamEvents[K] } }[keyof StreamEvents]

export interface Messages {
  /** The next message of the stream; undefined when it has ended. */
  next(): Promise<Message | undefined>
  close(): void
  response: IncomingMessage
}

function messages(response: IncomingMessage): Pick<Messages, 'next'> {
  const parsed = parse(response)
  return {
    next: async () => {
      const { value, done } = await parsed.next()
      return done ? undefined : value
    },
  }
}

async function* parse(response: IncomingMessage): AsyncGenerator<Message> {
  let held = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) {
      held += chunk
      for (let end = held.indexOf('\n\n'); end >= 0; end = held.indexOf('\n\n')) {
        const fields = new Map(
          held
            .slice(0, end)
            .split('\n')
            .map(line => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)] as const),
        )
        held = held.slice(end + 2)
        const data = fields.get('data')
        if (data !== undefined)
          yield { event: fields.get('event'), id: fields.get('id'), data: JSON.parse(data) } as Message
      }
    }
  } catch {
    // The stream was cut.
  }
}
