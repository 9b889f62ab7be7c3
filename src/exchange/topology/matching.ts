import { randomGroups } from './groups.ts'
import type { Grouping } from './mixing.ts'

/**
 * A random perfect matching that needs no coordination: every peer that knows the same members, seed and round finds
 * the same pairs. Sorts the members, permutes them with a stream keyed by seed and round, and pairs neighbours; with an
 * odd number one idles. Contracts disagreement by (n-2)/(2(n-1)) a round for even n, by 1/2 for odd n.
 */
export function randomMatching(members: readonly string[], seed: string | number, round: number): [string, string][] {
  const sorted = [...members].sort()
  return matching(sorted.length, seed, round).groups.map(([a, b]) => [sorted[a!]!, sorted[b!]!])
}

/** The same pairs, by ranks. */
export function matching(n: number, seed: string | number, round: number): Grouping {
  return randomGroups(n, 2, seed, round)
}
