import { random } from '../../core/random.ts'

/**
 * `k` different places below `n`, uniformly random, ascending: the same for all who know the seed (Bentley and Floyd
 * 1987, O(k) draws).
 */
export function randomPlaces(k: number, n: number, seed: string | number): Uint32Array {
  const stream = random(seed)
  const chosen = new Set<number>()
  for (let last = n - k; last < n; last++) {
    const place = stream.integer(last + 1)
    chosen.add(chosen.has(place) ? last : place)
  }
  return Uint32Array.from(chosen).sort()
}
