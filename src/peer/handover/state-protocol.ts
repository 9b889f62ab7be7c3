import { z } from 'zod'
import { MurmurError } from '../../core/errors.ts'
import type { Channel } from '../../network/transport.ts'

/**
 * The messages by which a joiner takes over the parameters, as JSON. One stream, in this order (bulk in brackets):
 *
 *     joiner      ask                    want                       want ...
 *     source             manifest | refused         [float32 values]
 *
 * A `want` names a shard of the manifest; the source keeps the copy that the manifest describes until the stream ends.
 */
export const STATE_PROTOCOL = '/murmuration/state/1.0.0'

export const STATE_VERSION = 1

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const shardName = z.string().max(256)

const ask = z.object({
  type: z.literal('ask'),
  version: z.int(),
  run: z.string().max(128),
  /** Digest of the layout: what every index means. */
  layout: sha256,
})
const refused = z.object({ type: z.literal('refused'), reason: z.enum(['busy', 'mismatch', 'not-finite']) })
const manifest = z.object({
  type: z.literal('manifest'),
  /** Local steps the source had finished, and tokens it had trained on, at the moment of the copy. */
  step: z.int().min(0),
  tokens: z.int().min(0),
  shards: z.array(z.object({ name: shardName, length: z.int().min(0), sha256 })).max(4096),
})
const want = z.object({ type: z.literal('want'), shard: shardName })

const message = z.discriminatedUnion('type', [ask, refused, manifest, want])

export type StateMessage = z.infer<typeof message>
export type Manifest = z.infer<typeof manifest>

export async function sendState(channel: Channel, content: StateMessage, signal: AbortSignal): Promise<void> {
  await channel.send(new TextEncoder().encode(JSON.stringify(content)), signal)
}

/** @throws MurmurError `MESSAGE_INVALID` */
export async function receiveState<T extends StateMessage['type']>(
  channel: Channel,
  types: readonly T[],
  signal: AbortSignal,
): Promise<Extract<StateMessage, { type: T }>> {
  const parsed = parse(await channel.receive(signal))
  if (parsed && isOneOf(parsed, types)) return parsed
  throw new MurmurError({
    code: 'MESSAGE_INVALID',
    message: `Expected ${types.join(' or ')} from peer ${channel.peer}, got ${parsed?.type ?? 'no state message'}`,
    details: { peer: channel.peer },
  })
}

function isOneOf<T extends StateMessage['type']>(
  parsed: StateMessage,
  types: readonly T[],
): parsed is Extract<StateMessage, { type: T }> {
  return types.some(type => type === parsed.type)
}

function parse(bytes: Uint8Array): StateMessage | undefined {
  try {
    return message.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data
  } catch {
    return undefined
  }
}
