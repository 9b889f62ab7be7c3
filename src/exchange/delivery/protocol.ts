import { z } from 'zod'
import { refused } from '../pairing/protocol.ts'
import { messages } from '../streams/messages.ts'

/**
 * The messages of a delivery: values that one peer hands to another, to be taken exactly once, and perhaps values in
 * return. One stream, in this order (bulk bytes in brackets):
 *
 *     sender      offer          values [them]
 *     receiver           ready                  taken [values in return]
 *
 * where `refused` may stand in place of any answer. A sender that was not answered asks on new streams whether its values
 * were taken; whether they are is decided by whichever comes first, the taking or the question. Lengths of bulk bytes
 * follow from shard and codec and never from what the other side says.
 */
const VERSION = 1

const id = z.uuid()

const offer = z.object({
  type: z.literal('offer'),
  version: z.literal(VERSION),
  run: z.string().max(128),
  id,
  shard: z.string().max(256),
  /** Number of values. */
  length: z.int().min(0),
  codec: z.string().max(32),
  /** Local steps that the sender has finished. */
  step: z.int().min(0),
})
const values = z.object({
  type: z.literal('values'),
  /** How much they are to count, in the algorithm's own sense. No swarm has more peers. */
  weight: z.number().gt(0).max(65_536),
})
const taken = z.object({
  type: z.literal('taken'),
  /** Share of the way that the receiver went. */
  weight: z.number().min(0).max(1),
  /** Root mean square of the whole way. */
  distance: z.number().min(0),
})

const message = z.discriminatedUnion('type', [
  offer,
  z.object({ type: z.literal('ready') }),
  refused,
  values,
  taken,
  z.object({ type: z.literal('ask'), id }),
  z.object({ type: z.literal('untaken') }),
])

export type DeliveryOffer = z.infer<typeof offer>
export type Taken = z.infer<typeof taken>

export function deliveryOffer(fields: Omit<DeliveryOffer, 'type' | 'version'>): DeliveryOffer {
  return { type: 'offer', version: VERSION, ...fields }
}

export const { send: sendDelivery, receive: receiveDelivery } = messages(message, 'a message of a delivery')
