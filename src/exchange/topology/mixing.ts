/**
 * What one round does to the vectors of n peers, who are named by their ranks in the sorted membership: the matrix W in
 * x <- W x, in one of two forms.
 */
export type Mixing = Grouping | Sharing

/** Disjoint groups that average exactly; whoever is in none idles. A pair is a group of two. W is symmetric. */
export interface Grouping {
  readonly groups: readonly (readonly number[])[]
  /** Who fails is not left out, but stalls its whole group. */
  readonly indivisible?: boolean
}

/**
 * What each peer sends: column i of W without its diagonal. Peers keep what is left of 1, so W is column-stochastic and
 * the sum over all peers is preserved.
 */
export interface Sharing {
  readonly shares: readonly (readonly Share[])[]
}

export interface Share {
  /** Rank of the receiver. */
  readonly to: number
  readonly weight: number
}

/**
 * Weights for an undirected graph, 1 / (1 + max(degree i, degree j)): W is symmetric and doubly stochastic whatever the
 * degrees (Metropolis-Hastings; Xiao, Boyd and Kim 2007).
 * @param neighbours of each rank; i is one of j's if j is one of i's
 */
export function metropolisHastings(neighbours: readonly (readonly number[])[]): Sharing {
  const degree = (rank: number) => neighbours[rank]!.length
  return {
    shares: neighbours.map((others, rank) =>
      others.map(to => ({ to, weight: 1 / (1 + Math.max(degree(rank), degree(to))) })),
    ),
  }
}

/** Everybody sends equal shares to the peers at these distances around the ring of ranks: W is a circulant. */
export function circulant(n: number, distances: readonly number[]): Sharing {
  const weight = 1 / (1 + distances.length)
  return {
    shares: Array.from({ length: n }, (_, rank) => distances.map(distance => ({ to: (rank + distance) % n, weight }))),
  }
}

/** What this rank receives, and from whom: its row of W without the diagonal. */
export function rowOf(mixing: Mixing, rank: number): { from: number; weight: number }[] {
  if ('groups' in mixing) return columnOf(mixing, rank).map(({ to, weight }) => ({ from: to, weight }))
  return mixing.shares.flatMap((shares, from) =>
    shares.filter(({ to }) => to === rank).map(({ weight }) => ({ from, weight })),
  )
}

/** What this rank sends, and to whom: its column of W without the diagonal. */
export function columnOf(mixing: Mixing, rank: number): readonly Share[] {
  if ('shares' in mixing) return mixing.shares[rank]!
  const group = groupOf(mixing, rank)
  return group.filter(other => other !== rank).map(to => ({ to, weight: 1 / group.length }))
}

/** The group that this rank is in; empty if it idles. */
export function groupOf({ groups }: Grouping, rank: number): readonly number[] {
  return groups.find(group => group.includes(rank)) ?? []
}
