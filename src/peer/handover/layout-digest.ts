import { createHash } from 'node:crypto'
import type { ParameterLayout } from '../../core/layout.ts'

/** Names a layout: peers with the same digest mean the same by every index of the flat vector. SHA-256, hexadecimal. */
export function layoutDigest(layout: ParameterLayout): string {
  const tensors = layout.tensors.map(({ name, shape, offset }) => [name, shape, offset])
  const shards = layout.shards.map(({ name, offset, length }) => [name, offset, length])
  return createHash('sha256').update(JSON.stringify({ tensors, shards })).digest('hex')
}
