import { columnOf, groupOf, type Mixing, rowOf } from './mixing.ts'
import { topologyImpossible } from './topology-impossible.ts'

/**
 * Who mixes with whom, and by how much. Everything follows from the members, the seed and the round, so peers that know
 * the same agree without a word; where their views of the membership differ, so may their answers, and an exchange
 * that only one side expects is one that fails. Members may come in any order, and `me` must be one of them; an array
 * that was once handed in must not change any more.
 */
export interface Topology {
  /** Its name in a specification. */
  readonly kind: string
  /** What is sent one way is not answered the same way: wants push-sum, whose weights mend what is lost. */
  readonly directed: boolean
  /** Nobody mixes with more than one other in a round. */
  readonly pairs: boolean
  /**
   * The whole round, by ranks in the sorted membership.
   * @throws MurmurError `TOPOLOGY_IMPOSSIBLE` for a number of peers that it cannot be had for
   */
  mixing(members: readonly string[], round: number): Mixing
  /** Whose values `me` takes in this round, and their weights: a row of W. Its own weight is what is left of 1. */
  sources(members: readonly string[], me: string, round: number): Neighbour[]
  /** Who takes the values of `me`, and by which weight: a column of W. The same as `sources` unless directed. */
  targets(members: readonly string[], me: string, round: number): Neighbour[]
  /**
   * The other one of the pair, or undefined if `me` idles in this round: as one does where the number is odd.
   * @throws MurmurError `TOPOLOGY_IMPOSSIBLE` if this is no topology of pairs
   */
  partner(members: readonly string[], me: string, round: number): string | undefined
  /** Of whom `me` may pick one, without waiting for anybody: asynchronous gossip. */
  candidates(members: readonly string[], me: string, round: number): string[]
}

export interface Neighbour {
  readonly peer: string
  readonly weight: number
}

/** What makes one topology differ from another. */
export interface TopologyParts {
  directed?: boolean
  pairs?: boolean
  /** @param members sorted */
  mixing(members: readonly string[], round: number): Mixing
  /** Ranks; by default the sources of the round. @param members sorted */
  candidates?(members: readonly string[], rank: number, round: number): number[]
}

export function topologyOf(kind: string, parts: TopologyParts): Topology {
  return new AgreedTopology(kind, parts)
}

/** What was asked for last: a round is asked about several times, in a simulation by every peer. */
interface Asked {
  members: readonly string[]
  round: number
  sorted: readonly string[]
  ranks: ReadonlyMap<string, number>
  mixing: Mixing
}

class AgreedTopology implements Topology {
  readonly kind: string
  readonly directed: boolean
  readonly pairs: boolean
  readonly #parts: TopologyParts
  #asked: Asked | undefined

  constructor(kind: string, parts: TopologyParts) {
    this.kind = kind
    this.directed = parts.directed ?? false
    this.pairs = parts.pairs ?? false
    this.#parts = parts
  }

  mixing(members: readonly string[], round: number): Mixing {
    return this.#ask(members, round).mixing
  }

  sources(members: readonly string[], me: string, round: number): Neighbour[] {
    const { sorted, ranks, mixing } = this.#ask(members, round)
    return rowOf(mixing, rankOf(ranks, me)).map(({ from, weight }) => ({ peer: sorted[from]!, weight }))
  }

  targets(members: readonly string[], me: string, round: number): Neighbour[] {
    const { sorted, ranks, mixing } = this.#ask(members, round)
    return columnOf(mixing, rankOf(ranks, me)).map(({ to, weight }) => ({ peer: sorted[to]!, weight }))
  }

  partner(members: readonly string[], me: string, round: number): string | undefined {
    const { sorted, ranks, mixing } = this.#ask(members, round)
    if (!this.pairs || !('groups' in mixing)) throw topologyImpossible(this.kind, 'has no pairs', members.length)
    const rank = rankOf(ranks, me)
    const other = groupOf(mixing, rank).find(member => member !== rank)
    return other === undefined ? undefined : sorted[other]
  }

  candidates(members: readonly string[], me: string, round: number): string[] {
    const { candidates } = this.#parts
    if (!candidates) return this.sources(members, me, round).map(({ peer }) => peer)
    const { sorted, ranks } = this.#ask(members, round)
    return candidates(sorted, rankOf(ranks, me), round).map(rank => sorted[rank]!)
  }

  #ask(members: readonly string[], round: number): Asked {
    const last = this.#asked
    if (last?.members === members && last.round === round) return last
    const sorted = last?.members === members ? last.sorted : [...members].sort()
    const ranks = last?.members === members ? last.ranks : new Map(sorted.map((member, rank) => [member, rank]))
    this.#asked = { members, round, sorted, ranks, mixing: this.#parts.mixing(sorted, round) }
    return this.#asked
  }
}

/** @throws RangeError */
function rankOf(ranks: ReadonlyMap<string, number>, me: string): number {
  const rank = ranks.get(me)
  if (rank === undefined) throw new RangeError(`Expected ${me} to be among the members`)
  return rank
}
