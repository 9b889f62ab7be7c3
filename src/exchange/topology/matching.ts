import { random } from '../../core/random.ts'

/**
 * A random perfect matching that needs no coordination: every peer that knows the same members, seed and round finds
 * the same pairs. Sorts the members, permutes them with a stream keyed by seed and round, and pairs neighbours; with an
 * odd number one idles. Contracts disagreement by (n-2)/(2(n-1)) a round for even n, by 1/2 for odd n.
 */
export function randomMatching(members: readonly string[], seed: string | number, round: number): [string, string][] {
  const order = random(seed)
    .fork(round)
    .shuffle([...members].sort())
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < order.length; i += 2) pairs.push([order[i]!, order[i + 1]!])
  return pairs
}
