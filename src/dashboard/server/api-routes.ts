import { z } from 'zod'
import { isErrorCode } from '../../core/errors.ts'
import { peerDetail } from '../view/peer-state.ts'
import type { RunView } from '../view/run-view.ts'
import { swarmState } from '../view/swarm-state.ts'
import { type Answer, failure, json } from './answer.ts'
import { atQuery, eventsQuery, exchangesQuery, peerQuery, queryOf } from './query.ts'

type Route = (url: URL, signal: AbortSignal) => Promise<Answer> | Answer

/** What `/api/...` answers, but for the stream. */
export function apiRoutes(view: RunView): ReadonlyMap<string, Route> {
  const { timeline } = view.source
  const routes: Record<string, Route> = {
    '/api/run': () => json(view.info()),
    '/api/state': async (url, signal) => {
      const { swarm, at } = await view.swarmAt(atQuery.parse(queryOf(url)).at, signal)
      return json(swarmState(swarm, at, view.context()))
    },
    '/api/peer': async (url, signal) => {
      const { id, at: asked } = peerQuery.parse(queryOf(url))
      const { swarm, at } = await view.swarmAt(asked, signal)
      const detail = peerDetail(swarm, id, at, view.context())
      return detail ? json(detail) : failure(404, 'PEER_UNKNOWN', 'Nobody told of this peer by then')
    },
    '/api/curves': () => ({ ...json(timeline.curves()), cache: 'no-cache' }),
    '/api/exchanges': async (url, signal) => {
      const { from, to, limit } = exchangesQuery.parse(queryOf(url))
      return json(await timeline.exchanges(from, to, limit, signal))
    },
    '/api/events': url => {
      const { before, limit } = eventsQuery.parse(queryOf(url))
      return json(timeline.feed(before, limit))
    },
  }
  return new Map(Object.entries(routes))
}

/** The answer to a request that failed. */
export function failureOf(error: unknown): Answer {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues
    return failure(400, 'QUERY_INVALID', `${issue?.path.join('.') ?? 'query'}: ${issue?.message ?? 'invalid'}`)
  }
  if (isErrorCode(error, 'TIMED_OUT')) {
    return failure(503, 'INDEXING', 'The records up to that moment are still being indexed')
  }
  return failure(500, 'FAILED', error instanceof Error ? error.message : String(error))
}
