import { z } from 'zod'

/** What every peer tells the swarm of itself at each heartbeat. */
export const STATUS_VERSION = 1

/** Longest status on the wire, in bytes. */
export const MAX_STATUS_BYTES = 16 * 1024

export const MAX_HOSTED_SHARDS = 128
export const MAX_STATUS_ADDRESSES = 8

/** Longest id of an exchange, a partner or a shard, in characters. */
export const MAX_NAME = 128

/** Exchanges that one status may tell of. */
export const MAX_TOLD_EXCHANGES = 8

const count = z.int().nonnegative()

/** An exchange that the peer began, for those who look on. */
const ToldExchange = z.strictObject({
  id: z.string().max(MAX_NAME),
  partner: z.string().max(MAX_NAME),
  shard: z.string().max(MAX_NAME),
  /** `ok`, or why it came to nothing. */
  outcome: z.string().max(32),
  /** Milliseconds between its end and this status. */
  ago: z.number().nonnegative(),
  /** Milliseconds it took. */
  ms: z.number().nonnegative(),
  bytesSent: count,
  bytesReceived: count,
  /** Local steps. */
  staleness: z.number().nonnegative(),
  /** Root mean square difference of the shard's parameters; null if it was not measured. */
  distance: z.number().nonnegative().nullable(),
})

export type ToldExchange = z.infer<typeof ToldExchange>

const Status = z.strictObject({
  version: z.literal(STATUS_VERSION),
  /** Rises with each status of one life of the peer. */
  sequence: count,
  /** When this life began, milliseconds since the Unix epoch. */
  startedAt: z.number().nonnegative(),
  state: z.enum(['joining', 'training', 'lingering', 'leaving']),
  /** Names of the shards it hosts. */
  shards: z.array(z.string().min(1).max(64)).max(MAX_HOSTED_SHARDS),
  /** Local steps finished. */
  step: count,
  /** Tokens it trained on. */
  tokens: count,
  /** Recent training loss in nats per token; null before the first step. */
  loss: z.number().nullable(),
  /** Median staleness of its recent exchanges, in local steps. */
  staleness: z.number().nonnegative(),
  tokensPerSecond: z.number().nonnegative(),
  /** What runs its training steps, such as `onnx-cpu`. */
  backend: z.string().max(64),
  /** Where it is, in its user's words: peers of one region reach each other better than the rest. */
  region: z
    .string()
    .regex(/^[\p{L}\p{N}._-]{1,64}$/u)
    .optional(),
  /** The newest exchanges that it began since its last status. */
  exchanges: z.array(ToldExchange).max(MAX_TOLD_EXCHANGES).optional(),
  /** Where it can be dialled. */
  addresses: z.array(z.string().max(256)).max(MAX_STATUS_ADDRESSES),
})

export type Status = z.infer<typeof Status>

export type StatusFault = 'too-long' | 'not-json' | 'version' | 'schema'

export function encodeStatus(status: Status): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(status))
}

/** In one process a thousand peers hear the same bytes; they are read once, and forgotten with them. */
const decoded = new WeakMap<Uint8Array, Readonly<Status> | StatusFault>()

/** Reads what a stranger sent: a status, or the reason why it is none. The bytes must not change afterwards. */
export function decodeStatus(data: Uint8Array): Readonly<Status> | StatusFault {
  const known = decoded.get(data)
  if (known) return known
  const status = decode(data)
  decoded.set(data, status)
  return status
}

function decode(data: Uint8Array): Status | StatusFault {
  if (data.byteLength > MAX_STATUS_BYTES) return 'too-long'
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
  } catch {
    return 'not-json'
  }
  const parsed = Status.safeParse(value)
  if (parsed.success) return parsed.data
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined
  return Number.isInteger(version) && version !== STATUS_VERSION ? 'version' : 'schema'
}

export function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]))
}
