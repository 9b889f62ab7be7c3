import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { SyntheticSwarm } from './synthetic-swarm.ts'

/** Serves the page, and a made-up swarm in the shapes of the dashboard's API. */
export interface StandInDashboard {
  readonly url: string
  /** What goes wrong from now on: why moments are refused, and why the records can no longer be read. */
  readonly fails: { state?: string; source?: string }
  /** Cuts all connections and answers no more, or answers again on the same port. */
  setReachable(reachable: boolean): Promise<void>
  close(): Promise<void>
}

export interface StandInInit {
  swarm: SyntheticSwarm
  /** The latest moment there is, milliseconds since the Unix epoch. */
  end: () => number
  mode: 'live' | 'replay'
  /** Milliseconds between messages of the stream. */
  everyMs?: number
}

const page = new URL('../../src/dashboard/page/', import.meta.url)
const modules = new URL('../../node_modules/', import.meta.url)
const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css',
  svg: 'image/svg+xml',
  ts: 'text/javascript',
  js: 'text/javascript',
  mjs: 'text/javascript',
}

export async function standInDashboard(init: StandInInit): Promise<StandInDashboard> {
  const { swarm, end, mode } = init
  const html = await readFile(new URL('index.html', page), 'utf8')
  const importMap = html.match(/<script type="importmap">([\s\S]*?)<\/script>/)![1]!
  const hash = createHash('sha256').update(importMap).digest('base64')
  const policy = `default-src 'none'; script-src 'self' 'sha256-${hash}'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'`

  const fails: StandInDashboard['fails'] = {}
  const run = () => {
    const info = swarm.run(end())
    if (fails.source === undefined) return info
    return { ...info, sources: [{ ...info.sources[0]!, state: 'failed', problem: fails.source }] }
  }
  const json = (response: ServerResponse, body: unknown, status = 200) => {
    response.statusCode = status
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body))
  }

  function stream(response: ServerResponse, query: URLSearchParams): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const started = Date.now()
    const at = query.has('at') ? Number(query.get('at')) : undefined
    const speed = Number(query.get('speed') ?? 1)
    let reached = at ?? end()
    const session = at === undefined ? 'live' : 'replay'
    const send = (event: string, body: unknown) =>
      response.write(`event: ${event}\nid: ${session}.${reached}\ndata: ${JSON.stringify(body)}\n\n`)
    const since = Number(query.get('since')?.slice('live.'.length) ?? reached)
    const missed = { exchanges: swarm.exchanges(since, reached), entries: [] }
    send('snapshot', { run: run(), state: swarm.state(reached), missed })
    const timer = setInterval(() => {
      const next = at === undefined ? end() : Math.min(end(), at + speed * (Date.now() - started))
      if (next > reached) {
        const { peers, edges, totals, alerts } = swarm.state(next)
        const exchanges = swarm.exchanges(reached, next).slice(-256)
        reached = next
        send('delta', {
          time: next,
          peers,
          edges,
          forgotten: [],
          exchanges,
          exchangesOmitted: 0,
          entries: [],
          totals,
          alerts,
        })
        send('run', run())
      }
      if (mode === 'live' || reached < end()) return
      send('end', { time: reached })
      response.end()
    }, init.everyMs ?? 250)
    response.on('close', () => clearInterval(timer))
  }

  async function file(response: ServerResponse, path: string): Promise<void> {
    const url = path.startsWith('/modules/')
      ? new URL(path.slice(9), modules)
      : new URL(path === '/' ? 'index.html' : path.slice(1), page)
    const text = await readFile(url, 'utf8')
    response.setHeader('content-type', types[url.pathname.split('.').at(-1)!] ?? 'text/plain')
    response.end(url.pathname.endsWith('.ts') ? stripTypeScriptTypes(text) : text)
  }

  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', policy)
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    const at = searchParams.has('at') ? Number(searchParams.get('at')) : end()
    if (pathname === '/api/run') json(response, run())
    else if (pathname === '/api/state' && fails.state !== undefined)
      json(response, { error: { code: 'INDEXING', message: fails.state } }, 503)
    else if (pathname === '/api/state') json(response, swarm.state(at))
    else if (pathname === '/api/peer') json(response, swarm.peer(searchParams.get('id') ?? '', at))
    else if (pathname === '/api/curves') json(response, swarm.curves(end()))
    else if (pathname === '/api/exchanges') {
      const [from, to] = [Number(searchParams.get('from')), Number(searchParams.get('to'))]
      json(response, { from, to, exchanges: swarm.exchanges(from, to), omitted: 0 })
    } else if (pathname === '/api/events') json(response, { entries: [], more: false })
    else if (pathname === '/api/stream') stream(response, searchParams)
    else {
      file(response, pathname).catch(() => {
        response.statusCode = 404
        response.end('{"error":{"code":"NOT_FOUND","message":"There is no such thing"}}')
      })
    }
  })
  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>(resolve => {
      if (!server.listening) return resolve()
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    fails,
    setReachable: reachable => (reachable ? listen(port) : stop()),
    close: stop,
  }
}
