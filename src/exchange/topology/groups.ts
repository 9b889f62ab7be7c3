import { random } from '../../core/random.ts'
import type { Grouping } from './mixing.ts'

/**
 * Random groups of `size` that need no coordination: the ranks, permuted with a stream keyed by seed and round, are cut
 * into groups; what is left makes a smaller one, or idles if it is one peer. With groups of g, and n a multiple of it,
 * contracts disagreement by (n-g)/(g(n-1)) a round. Pairs are groups of two.
 */
export function randomGroups(n: number, size: number, seed: string | number, round: number): Grouping {
  const ranks = Array.from({ length: n }, (_, rank) => rank)
  return { groups: cut(random(seed).fork(round).shuffle(ranks), size) }
}

/** Consecutive groups of `size` and a smaller last one; none of a single rank, who idles. */
export function cut(ranks: readonly number[], size: number): number[][] {
  const groups: number[][] = []
  for (let at = 0; at + 1 < ranks.length; at += size) groups.push(ranks.slice(at, at + size))
  return groups
}
