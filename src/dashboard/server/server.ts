import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import type { Source } from '../sources/source.ts'
import { type RunView, runView } from '../view/run-view.ts'
import { type Access, isLoopback, loopbackAccess, tokenAccess } from './access.ts'
import { commonHeaders, failure, json, send } from './answer.ts'
import { apiRoutes, failureOf } from './api-routes.ts'
import { type EventStream, eventStream } from './event-stream.ts'
import { type LiveHub, liveHub } from './live-hub.ts'
import { type PageFiles, pageFiles } from './page-files.ts'
import { queryOf, streamQuery } from './query.ts'
import { replay, resumedAt } from './replay.ts'

export interface DashboardInit {
  /** Address or name to listen on. @default 127.0.0.1 */
  host?: string
  /** 0 is any free port. @default 8787 */
  port?: number
  /** Takes any free port if the one asked for is taken. @default false */
  anyPort?: boolean
  /** What is asked for where others can reach it. @default 32 random bytes */
  token?: string
  /** The release of murmur that serves. */
  version: string
  /** Folder of the page. @default the one beside this file's folder */
  page?: string
}

export interface DashboardComponents {
  clock: Clock
  /** Started, and stopped by whoever made it. */
  source: Source
  /** What `/metrics` answers. */
  metrics?: MetricsPage
}

/** Metrics in the text format of Prometheus. */
export interface MetricsPage {
  readonly contentType: string
  text(view: RunView): Promise<string>
}

export interface Dashboard {
  /** @returns where to open it, with the token where one is needed. @throws MurmurError `PORT_IN_USE` */
  start(): Promise<{ url: string; port: number }>
  /** Ends all streams and lets go of the port. Idempotent. */
  stop(): Promise<void>
}

const DASHBOARD_PORT = 8787

const MAX_CONNECTIONS = 256
const MAX_STREAMS = 64
const MAX_REPLAYS = 16

export function createDashboard(components: DashboardComponents, init: DashboardInit): Dashboard {
  return new DashboardServer(components, init)
}

class DashboardServer implements Dashboard {
  readonly #clock: Clock
  readonly #view: RunView
  readonly #metrics: MetricsPage | undefined
  readonly #host: string
  readonly #port: number
  readonly #anyPort: boolean
  readonly #page: string
  readonly #token: string | undefined
  readonly #access: Access
  readonly #hub: LiveHub
  readonly #routes: ReturnType<typeof apiRoutes>
  readonly #server: Server
  readonly #stopping = new AbortController()
  #streams = 0
  #replays = 0
  #files: PageFiles | undefined
  #live: Promise<void> = Promise.resolve()

  constructor({ clock, source, metrics }: DashboardComponents, init: DashboardInit) {
    this.#clock = clock
    this.#view = runView({ clock, source }, { version: init.version })
    this.#metrics = metrics
    this.#host = init.host ?? '127.0.0.1'
    this.#port = init.port ?? DASHBOARD_PORT
    this.#anyPort = init.anyPort ?? false
    this.#page = init.page ?? fileURLToPath(new URL('../page', import.meta.url))
    this.#token = isLoopback(this.#host) ? undefined : (init.token ?? randomBytes(32).toString('base64url'))
    this.#access = this.#token === undefined ? loopbackAccess() : tokenAccess(this.#token, () => this.#address().port)
    this.#hub = liveHub({ clock, view: this.#view, session: randomBytes(6).toString('hex') })
    this.#routes = apiRoutes(this.#view)
    this.#server = createServer(
      { maxHeaderSize: 16 << 10, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5000 },
      (request, response) => void this.#answer(request, response),
    )
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  async start(): Promise<{ url: string; port: number }> {
    this.#files = await pageFiles(this.#page)
    await this.#listen(this.#port)
    this.#live = this.#hub.run(this.#stopping.signal)
    const { port } = this.#address()
    return { url: this.#url(port), port }
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort()
    await this.#live
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #listen(port: number): Promise<void> {
    try {
      this.#server.listen(port, this.#host)
      await once(this.#server, 'listening')
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (this.#anyPort && port !== 0 && (code === 'EADDRINUSE' || code === 'EACCES')) return await this.#listen(0)
      throw new MurmurError({
        code: 'PORT_IN_USE',
        message: `Cannot serve the dashboard at ${this.#host}:${port}: ${code === 'EADDRINUSE' ? 'the port is taken' : message}`,
        details: { host: this.#host, port },
        cause,
      })
    }
  }

  #address(): AddressInfo {
    return this.#server.address() as AddressInfo
  }

  #url(port: number): string {
    const any = this.#host === '0.0.0.0' || this.#host === '::'
    const name = any ? 'localhost' : this.#host.includes(':') ? `[${this.#host.replace(/^\[|\]$/g, '')}]` : this.#host
    return `http://${name}:${port}/${this.#token === undefined ? '' : `?token=${this.#token}`}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    commonHeaders(response)
    request.resume() // no request needs a body
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const signal = AbortSignal.any([gone.signal, this.#stopping.signal])
    try {
      await this.#route(request, response, signal)
    } catch (error) {
      if (signal.aborted) response.destroy()
      else if (!response.headersSent) await send(request, response, failureOf(error)).catch(() => response.destroy())
      else response.destroy()
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return await send(request, response, failure(405, 'METHOD_REFUSED', 'Only GET and HEAD are answered'))
    }
    const url = request.url?.startsWith('/') ? URL.parse(`http://dashboard${request.url}`) : null
    if (!url) return await send(request, response, failure(400, 'ADDRESS_INVALID', 'Expected a path'))
    const verdict = this.#access.judge(request, url)
    if (!verdict.allowed) {
      return await send(request, response, failure(verdict.status, verdict.code, verdict.message))
    }
    if ('setCookie' in verdict) {
      response.setHeader('set-cookie', verdict.setCookie)
      if (!url.pathname.startsWith('/api/') && url.pathname !== '/metrics')
        return redirectWithout(response, url, 'token')
    }
    if (url.pathname === '/api/stream') return await this.#stream(request, response, url, signal)
    const route = this.#routes.get(url.pathname)
    if (route) return await send(request, response, await route(url, signal))
    if (url.pathname === '/healthz') return await send(request, response, json({ status: 'ok' }))
    if (url.pathname === '/metrics' && this.#metrics) {
      const { contentType: type } = this.#metrics
      return await send(request, response, { type, body: await this.#metrics.text(this.#view) })
    }
    const file = await this.#files?.answer(url.pathname)
    await send(request, response, file ?? failure(404, 'NOT_FOUND', 'Nothing is served at this path'))
  }

  async #stream(request: IncomingMessage, response: ServerResponse, url: URL, signal: AbortSignal): Promise<void> {
    const { at, speed, since } = streamQuery.parse(queryOf(url))
    const lastId = headerText(request.headers['last-event-id']) ?? since
    if (this.#streams >= MAX_STREAMS || (at !== undefined && this.#replays >= MAX_REPLAYS)) {
      return await send(request, response, failure(503, 'TOO_MANY_STREAMS', 'Too many streams are open: close some'))
    }
    if (request.method === 'HEAD') return await send(request, response, { type: 'text/event-stream', body: '' })
    this.#streams++
    const stream = eventStream(response)
    stream.closed.addEventListener('abort', () => this.#streams--, { once: true })
    if (at === undefined) return this.#hub.join(stream, lastId)
    await this.#replay(stream, { at: resumedAt(lastId) ?? at, speed }, AbortSignal.any([signal, stream.closed]))
  }

  async #replay(stream: EventStream, init: { at: number; speed: number }, signal: AbortSignal): Promise<void> {
    this.#replays++
    try {
      const goesOn = await replay({ clock: this.#clock, view: this.#view }, stream, init, signal)
      if (goesOn) this.#hub.join(stream, undefined)
      else stream.end()
    } finally {
      this.#replays--
    }
  }
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function redirectWithout(response: ServerResponse, url: URL, name: string): void {
  url.searchParams.delete(name)
  response
    .writeHead(303, { location: `${url.pathname.replace(/^\/+/, '/')}${url.search}`, 'cache-control': 'no-store' })
    .end()
}
