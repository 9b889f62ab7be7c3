import { z } from 'zod'
import { MAX_PUBLISH_BYTES } from '../../network/transport.ts'
import { int8 } from '../compression/int8.ts'

/**
 * A fragment of a shard, as it is published: the length of the head as two bytes, little-endian, the head as JSON, and
 * the values in int8 blocks, nothing else.
 */
const VERSION = 1

/** Bytes of a head, at most. */
const MAX_HEAD_BYTES = 256
const LENGTH_BYTES = 2

const fragmentHead = z.object({
  version: z.literal(VERSION),
  /** Local steps that the publisher had finished. */
  step: z.int().min(0),
  /** Index of the first value in the shard. */
  start: z.int().min(0),
  /** Number of values. */
  length: z.int().min(1),
})

export type FragmentHead = z.infer<typeof fragmentHead>

export interface Fragment extends FragmentHead {
  /** In int8 blocks. */
  encoded: Uint8Array
}

/** Where peers of a run publish fragments of a shard. */
export function fragmentTopic(run: string, shard: string): string {
  return `murmuration/${run}/fragment/${shard}`
}

/** Most values of a fragment, such that it may be published. */
export const MAX_FRAGMENT_VALUES = mostValues(MAX_PUBLISH_BYTES - MAX_HEAD_BYTES - LENGTH_BYTES)

function mostValues(bytes: number): number {
  let values = bytes
  while (int8.encodedLength(values) > bytes) values -= 1
  return values
}

/** @throws MurmurError `VALUES_INVALID` if a value is NaN or infinite */
export function encodeFragment(head: Omit<FragmentHead, 'version' | 'length'>, values: Float32Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify({ version: VERSION, ...head, length: values.length }))
  const bytes = new Uint8Array(LENGTH_BYTES + text.length + int8.encodedLength(values.length))
  new DataView(bytes.buffer).setUint16(0, text.length, true)
  bytes.set(text, LENGTH_BYTES)
  let at = LENGTH_BYTES + text.length
  for (const chunk of int8.encode(values)) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/**
 * Reads what a stranger published.
 * @param shardLength number of values of the shard
 * @returns undefined if it is no fragment of that shard
 */
export function decodeFragment(data: Uint8Array, shardLength: number): Fragment | undefined {
  if (data.length < LENGTH_BYTES || data.length > MAX_PUBLISH_BYTES) return undefined
  const size = new DataView(data.buffer, data.byteOffset).getUint16(0, true)
  if (size > MAX_HEAD_BYTES) return undefined
  const head = fragmentHead.safeParse(parseJson(data.subarray(LENGTH_BYTES, LENGTH_BYTES + size)))
  if (!head.success) return undefined
  const encoded = data.subarray(LENGTH_BYTES + size)
  const { start, length } = head.data
  if (start + length > shardLength || encoded.length !== int8.encodedLength(length)) return undefined
  return { ...head.data, encoded }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
