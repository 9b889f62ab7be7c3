import { z } from 'zod'

/** What may stand behind a path's question mark. Unknown names are passed over: a token is one. */
const moment = z.coerce.number().min(0).max(8.64e15)

export const atQuery = z.object({ at: moment.optional() })

export const peerQuery = z.object({ id: z.string().min(1).max(256), at: moment.optional() })

export const exchangesQuery = z
  .object({ from: moment, to: moment, limit: z.coerce.number().int().min(1).max(1000).default(500) })
  .refine(({ from, to }) => from <= to, 'Expected `from` <= `to`')

export const eventsQuery = z.object({
  before: moment.default(8.64e15),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export const streamQuery = z.object({
  at: moment.optional(),
  speed: z.coerce.number().min(0.1).max(1000).default(1),
  since: z.string().max(200).optional(),
})

/** The query as an object; the last value of a name counts. */
export function queryOf(url: URL): Record<string, string> {
  return Object.fromEntries(url.searchParams)
}
