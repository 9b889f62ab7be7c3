import type { Curves } from '../api/curves.ts'
import type { ExchangePage } from '../api/exchange.ts'
import type { FeedPage } from '../api/feed.ts'
import type { PeerDetail } from '../api/peer-detail.ts'
import type { RunInfo } from '../api/run.ts'
import type { SwarmState } from '../api/state.ts'
import type { ApiError } from '../api/stream.ts'

/** The server said no, and why. */
class ApiFailure extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'ApiFailure'
    this.status = status
    this.code = code
  }
}

const TIMEOUT_MS = 15_000

/** Asks the server that the page came from. Rejects with ApiFailure, or what `fetch` rejects with. */
export const api = {
  state: (at: number, signal: AbortSignal) => get<SwarmState>('/api/state', { at: Math.round(at) }, signal),
  peer: (id: string, at: number | undefined, signal: AbortSignal) =>
    get<PeerDetail>('/api/peer', { id, at: at === undefined ? undefined : Math.round(at) }, signal),
  run: (signal: AbortSignal) => get<RunInfo>('/api/run', {}, signal),
  curves: (signal: AbortSignal) => get<Curves>('/api/curves', {}, signal),
  exchanges: (from: number, to: number, signal: AbortSignal) =>
    get<ExchangePage>('/api/exchanges', { from: Math.round(from), to: Math.ceil(to), limit: 1000 }, signal),
  events: (before: number | undefined, limit: number, signal: AbortSignal) =>
    get<FeedPage>('/api/events', { before: before === undefined ? undefined : Math.round(before), limit }, signal),
}

type Query = Readonly<Record<string, string | number | undefined>>

async function get<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) fields.set(name, String(value))
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  const response = await fetch(fields.size > 0 ? `${path}?${fields}` : path, { signal: deadline })
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && body !== undefined) return body as T
  const error = (body as ApiError | undefined)?.error
  throw new ApiFailure(
    response.status,
    error?.code ?? 'UNKNOWN',
    error?.message ?? `The server answered ${response.status}`,
  )
}
