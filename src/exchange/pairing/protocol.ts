import { z } from 'zod'
import { messages } from '../streams/messages.ts'

/**
 * The messages of a pairwise exchange, as JSON. One stream, in this order (bulk bytes in brackets):
 *
 *     initiator   offer           [own values]                       commit | abort
 *     responder          ready                 prepared [delta]                      committed | unknown
 *
 * where `refused` may stand in place of any answer. A commit whose answer was lost is sent again as the first message
 * of a new stream. Lengths of bulk bytes follow from shard and codec and never from what the other side says.
 */
export const AVERAGE_PROTOCOL = '/murmuration/average/1.0.0'

const VERSION = 1

const id = z.uuid()
const weight = z.number().gt(0).max(1)

const offer = z.object({
  type: z.literal('offer'),
  version: z.int(),
  run: z.string().max(128),
  id,
  shard: z.string().max(256),
  /** Which coordinates of the shard, where not all are meant: see `View`. */
  draw: z.int().min(0).max(0xffffffff).optional(),
  /** Number of values. */
  length: z.int().min(0),
  codec: z.string().max(32),
})
const ready = z.object({ type: z.literal('ready') })
export const refused = z.object({
  type: z.literal('refused'),
  reason: z.enum(['busy', 'mismatch', 'invalid', 'not-finite', 'too-stale', 'cancelled']),
})
const prepared = z.object({ type: z.literal('prepared') })
const commit = z.object({ type: z.literal('commit'), id, weight })
const abort = z.object({ type: z.literal('abort') })
const committed = z.object({
  type: z.literal('committed'),
  /** What the responder applied; at most the weight that was asked for. */
  weight,
})
const unknown = z.object({ type: z.literal('unknown') })

const message = z.discriminatedUnion('type', [offer, ready, refused, prepared, commit, abort, committed, unknown])

export type AverageMessage = z.infer<typeof message>
export type Offer = z.infer<typeof offer>
export type Refusal = z.infer<typeof refused>['reason']

export function offerOf(fields: Omit<Offer, 'type' | 'version'>): Offer {
  return { type: 'offer', version: VERSION, ...fields }
}

export function speaksOurVersion(offered: Offer): boolean {
  return offered.version === VERSION
}

export const { send: sendMessage, receive: receiveMessage } = messages(message, 'an averaging message')
