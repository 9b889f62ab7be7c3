import type { z } from 'zod'
import { MurmurError } from '../../core/errors.ts'
import type { Channel } from '../../network/transport.ts'

/** The messages of one protocol, as JSON, each with its type. */
export interface Messages<M extends { type: string }> {
  send(channel: Channel, content: M, signal: AbortSignal): Promise<void>
  /** The next message, which must be of one of the types. @throws MurmurError `MESSAGE_INVALID` */
  receive<T extends M['type']>(
    channel: Channel,
    types: readonly T[],
    signal: AbortSignal,
  ): Promise<Extract<M, { type: T }>>
}

/** @param what such a message is called where something else came, with its article */
export function messages<M extends { type: string }>(schema: z.ZodType<M>, what: string): Messages<M> {
  return {
    async send(channel, content, signal) {
      await channel.send(new TextEncoder().encode(JSON.stringify(content)), signal)
    },
    async receive<T extends M['type']>(channel: Channel, types: readonly T[], signal: AbortSignal) {
      const parsed = parseMessage(schema, what, await channel.receive(signal))
      if (!isOneOf(parsed, types)) {
        throw new MurmurError({
          code: 'MESSAGE_INVALID',
          message: `Expected ${types.join(' or ')} from peer ${channel.peer}, got ${parsed.type}`,
          details: { peer: channel.peer, type: parsed.type },
        })
      }
      return parsed
    },
  }
}

function isOneOf<M extends { type: string }, T extends M['type']>(
  parsed: M,
  types: readonly T[],
): parsed is Extract<M, { type: T }> {
  return types.some(type => type === parsed.type)
}

function parseMessage<M>(schema: z.ZodType<M>, what: string, bytes: Uint8Array): M {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new MurmurError({ code: 'MESSAGE_INVALID', message: `Expected ${what}, got no JSON` })
  }
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new MurmurError({
    code: 'MESSAGE_INVALID',
    message: `Expected ${what}: ${issue?.path.join('.') || 'type'}: ${issue?.message}`,
  })
}
