import { z } from 'zod'
import { MurmurError } from '../../core/errors.ts'
import type { Channel } from '../../network/transport.ts'

/**
 * Letters between peers that do something together. One stream from each peer to each other, in one direction: for every
 * letter a head as JSON, then its values, encoded. A stream stays open for the letters that follow. Against it come only
 * the rounds in which letters were overtaken.
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
  /** Tells the letters of one round from each other. */
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

const overtaken = z.object({
  version: z.literal(VERSION),
  /** In which the addressee is. */
  round: z.int().min(0),
})

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

/** Answers a letter of a round that is over. */
export async function sendOvertaken(channel: Channel, round: number, signal: AbortSignal): Promise<void> {
  await send(channel, { round }, signal)
}

/** The round in which the receiver of a letter that came too late is. @throws MurmurError `MESSAGE_INVALID` */
export async function receiveOvertaken(channel: Channel, signal: AbortSignal): Promise<number> {
  return (await receive(channel, overtaken, signal)).round
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
