import type { Grouping } from './mixing.ts'

/**
 * Moshpit all-reduce on a grid (Ryabinin et al. 2021, arXiv:2103.03239): the ranks fill a grid of `dimensions` axes of
 * equal length M, the least that holds them; in each round those average who differ along axis round mod d alone. If
 * n = M^d, exact after d rounds; else some groups are smaller, and it takes longer.
 */
export function grid(n: number, dimensions: number, round: number): Grouping {
  let length = 1
  while (length ** dimensions < n) length += 1
  const stride = length ** (round % dimensions)
  const groups = new Map<number, number[]>()
  for (let rank = 0; rank < n; rank++) {
    const place = Math.floor(rank / stride) % length
    const origin = rank - place * stride
    const group = groups.get(origin)
    if (group) group.push(rank)
    else groups.set(origin, [rank])
  }
  return { groups: [...groups.values()].filter(group => group.length > 1) }
}
