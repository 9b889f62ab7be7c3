import type { Grouping } from './mixing.ts'
import { topologyImpossible } from './topology-impossible.ts'

/**
 * Pairs along one dimension of a hypercube: rank i meets rank i xor 2^t, t = round mod log2 n. Exact after log2 n rounds.
 * @throws MurmurError `TOPOLOGY_IMPOSSIBLE` unless n is a power of two
 */
export function hypercube(n: number, round: number): Grouping {
  const dimensions = Math.log2(n)
  if (!Number.isInteger(dimensions))
    throw topologyImpossible('hypercube', `needs a number of peers that is a power of two, got ${n}`, n)
  if (dimensions === 0) return { groups: [] }
  const distance = 2 ** (round % dimensions)
  const lower = Array.from({ length: n }, (_, rank) => rank).filter(rank => (rank & distance) === 0)
  return { groups: lower.map(rank => [rank, rank + distance]) }
}
