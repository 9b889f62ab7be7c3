import { z } from 'zod'
import { MurmurError } from '../../core/errors.ts'
import type { Channel } from '../../network/transport.ts'

/**
 * Letters between peers that do something together. One stream from each peer to each other, in one direction: for every
 * letter a head as JSON, then its values, encoded. A stream stays open for the letters that follow. Against it comes an answer
 * to each letter, in the same order.
 */
export const LETTER_PROTOCOL = '/murmuration/letter/1.0.0'

const VERSION = 1

const letterHead = z.object({
  version: z.literal(VERSION),
  run: z.string().max(128),
  /** Of what it is a part: letters of an earlier round are thrown away. */
  round: z.int().min(0),
  /** Names those who take part, so that peers with other views of the swarm do not mix. */
  group: z.string().max(64),
  /** Tells the letters of one round from each other. Empty: the letter tells that its sender is in this round, and no more. */
  part: z.string().max(64),
  /** Number of values, and of the bytes that encode them. */
  length: z.int().min(0),
  bytes: z.int().min(0),
  /** Name of their encoding, its settings included. */
  format: z.string().max(64),
  /** What the algorithm tells along with the values. */
  notes: z.array(z.int()).max(4),
})

export type LetterHead = z.infer<typeof letterHead>

const answer = z.object({
  version: z.literal(VERSION),
  /** The round in which the addressee is by now, if it threw the letter away; else it has taken it. */
  overtaken: z.int().min(0).optional(),
})

export type Answer = Omit<z.infer<typeof answer>, 'version'>

export async function sendHead(
  channel: Channel,
  head: Omit<LetterHead, 'version'>,
  signal: AbortSignal,
): Promise<void> {
  await send(channel, head, signal)
}

/** @throws MurmurError `MESSAGE_INVALID` */
export async function receiveHead(channel: Channel, signal: AbortSignal): Promise<LetterHead> {
  return await receive(channel, letterHead, signal)
}

export async function sendAnswer(channel: Channel, message: Answer, signal: AbortSignal): Promise<void> {
  await send(channel, message, signal)
}

/** @throws MurmurError `MESSAGE_INVALID` */
export async function receiveAnswer(channel: Channel, signal: AbortSignal): Promise<Answer> {
  return await receive(channel, answer, signal)
}

async function send(channel: Channel, message: object, signal: AbortSignal): Promise<void> {
  await channel.send(new TextEncoder().encode(JSON.stringify({ version: VERSION, ...message })), signal)
}

async function receive<T>(channel: Channel, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const result = schema.safeParse(parseJson(await channel.receive(signal)))
  if (result.success) return result.data
  throw new MurmurError({
    code: 'MESSAGE_INVALID',
    message: `Expected a letter from peer ${channel.peer}: ${result.error.issues[0]?.message}`,
    details: { peer: channel.peer },
  })
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
