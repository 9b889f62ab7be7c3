import { z } from 'zod'
import { type Channel, MAX_MESSAGE_BYTES, type PeerId } from '../transport.ts'
import { MAX_ADDRESS_LENGTH, MAX_ADDRESSES } from './addresses.ts'

/**
 * Asking a known peer for others: one question, one answer, both JSON. The answer holds peers connected to the one
 * asked, and if topics were named only those that hear one of them: a node that introduces the peers of many runs
 * brings each to its own.
 */
export const PEERS_PROTOCOL = '/murmuration/peers/1.0.0'

/** Peers in one answer, at most. */
export const MAX_PEERS = 32

const MAX_TOPICS = 16
const MAX_TOPIC_LENGTH = 256

const Question = z.strictObject({ topics: z.array(z.string().max(MAX_TOPIC_LENGTH)).max(MAX_TOPICS) })

const Answer = z.strictObject({
  peers: z
    .array(
      z.strictObject({
        id: z.string().max(128),
        addresses: z.array(z.string().max(MAX_ADDRESS_LENGTH)).max(MAX_ADDRESSES),
      }),
    )
    .max(MAX_PEERS),
})

export interface KnownPeer {
  id: PeerId
  addresses: readonly string[]
}

/** @throws ZodError or SyntaxError if the answer makes no sense; whatever the channel throws */
export async function askForPeers(
  channel: Channel,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<KnownPeer[]> {
  await channel.send(encode({ topics: topics.slice(0, MAX_TOPICS) }), signal)
  const answer = Answer.parse(decode(await channel.receive(signal)))
  await channel.close()
  return answer.peers
}

/** @param known at most `MAX_PEERS` peers to tell the asker of */
export async function answerWithPeers(
  channel: Channel,
  known: (topics: readonly string[]) => Promise<KnownPeer[]>,
  signal: AbortSignal,
): Promise<void> {
  const { topics } = Question.parse(decode(await channel.receive(signal)))
  const peers = await known(topics)
  let message = encode({ peers })
  while (message.byteLength > MAX_MESSAGE_BYTES) {
    peers.pop()
    message = encode({ peers })
  }
  await channel.send(message, signal)
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

function decode(message: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(message))
}
