import { z } from 'zod'
import { MurmurError } from '../../core/errors.ts'
import type { Channel } from '../../network/transport.ts'
import { isCodecId } from '../compression/codecs.ts'

/**
 * Letters between peers that do something together. One stream from each peer to each other, in one direction: for every
 * letter a head as JSON, then its values, encoded. A stream stays open for the letters that follow.
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
  /** Number of values. */
  length: z.int().min(0),
  codec: z.string().refine(isCodecId),
})

export type LetterHead = z.infer<typeof letterHead>

export async function sendHead(
  channel: Channel,
  head: Omit<LetterHead, 'version'>,
  signal: AbortSignal,
): Promise<void> {
  await channel.send(new TextEncoder().encode(JSON.stringify({ version: VERSION, ...head })), signal)
}

/** @throws MurmurError `MESSAGE_INVALID` */
export async function receiveHead(channel: Channel, signal: AbortSignal): Promise<LetterHead> {
  const bytes = await channel.receive(signal)
  const result = letterHead.safeParse(parseJson(bytes))
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
