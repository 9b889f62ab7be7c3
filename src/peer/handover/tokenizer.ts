import * as z from 'zod'
import { LARGEST_TOKENIZER } from '../../compute/data/open-tokenizer.ts'
import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import { MurmurError } from '../../core/errors.ts'
import type { Channel, PeerId, Transport } from '../../network/transport.ts'

const TOKENIZER_PROTOCOL = '/murmuration/tokenizer/1.0.0'

/** Milliseconds for an answer. */
const ANSWER_TIMEOUT = 15_000
/** Bytes a millisecond below which a link counts as stuck. */
const SLOWEST = 32
/** Bytes sent at a time. */
const CHUNK = 64 * 1024

const headerSchema = z.strictObject({ bytes: z.int().min(1).max(LARGEST_TOKENIZER) })

/** Hands the run's tokenizer.json to whoever asks: its size in a message, then its bytes. */
export async function serveTokenizer(transport: Transport, content: Uint8Array): Promise<void> {
  const header = new TextEncoder().encode(JSON.stringify({ bytes: content.length }))
  await transport.handle(TOKENIZER_PROTOCOL, async (channel, signal) => {
    await channel.send(header, signal)
    await channel.sendBulk(chunksOf(content), signal)
  })
}

/**
 * Asks a peer for its run's tokenizer.json. What comes is not looked at: compare its hash with the specification's.
 * @throws MurmurError `MESSAGE_INVALID`, `PEER_UNREACHABLE`, `PROTOCOL_MISMATCH`, `CHANNEL_BROKEN`, `TIMED_OUT`
 */
export async function fetchTokenizer(
  { transport, clock }: { transport: Transport; clock: Clock },
  peer: PeerId,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let channel: Channel | undefined
  try {
    const what = `asking ${peer} for its tokenizer`
    const bytes = await withDeadline(clock, ANSWER_TIMEOUT, what, signal, async inner => {
      channel = await transport.open(peer, TOKENIZER_PROTOCOL, inner)
      return readHeader(await channel.receive(inner), peer)
    })
    const content = await withDeadline(clock, ANSWER_TIMEOUT + bytes / SLOWEST, what, signal, inner =>
      receive(channel!, bytes, inner),
    )
    channel?.close().catch(error => channel?.abort(error))
    return content
  } catch (error) {
    channel?.abort(error as Error)
    throw error
  }
}

function* chunksOf(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < content.length; start += CHUNK) yield content.subarray(start, start + CHUNK)
}

async function receive(channel: Channel, bytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const content = new Uint8Array(bytes)
  let filled = 0
  for await (const chunk of channel.receiveBulk(bytes, signal)) {
    content.set(chunk, filled)
    filled += chunk.length
  }
  return content
}

function readHeader(message: Uint8Array, peer: PeerId): number {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder().decode(message))).bytes
  } catch (cause) {
    const problem = `Expected from peer ${peer} the size of its tokenizer, at most ${LARGEST_TOKENIZER} bytes`
    throw new MurmurError({ code: 'MESSAGE_INVALID', message: problem, details: { peer }, cause })
  }
}
