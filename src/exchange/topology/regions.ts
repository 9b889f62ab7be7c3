import { random } from '../../core/random.ts'
import { cut } from './groups.ts'
import type { Grouping } from './mixing.ts'

/**
 * A tree of two levels: often pairs inside a region, seldom pairs between regions (hierarchical averaging, Lin et al.
 * 2020, arXiv:1808.07217, section 5). The lowest rank of each region leads it. In every `every`-th round the leaders
 * pair across regions and the rest inside theirs; in all others everybody pairs inside. Pairs are random by seed and
 * round; where the number is odd one idles.
 *
 * Inside a region of m contracts like a random matching of m. Between regions a leader carries but its own share, so
 * the regions' means approach each other by about 1/m of that a leaders' round.
 */
export function regions(regionOf: readonly string[], every: number, seed: string | number, round: number): Grouping {
  const stream = random(seed).fork(round)
  const sets = leadersMeet(every, round) ? withLeadersApart(regionOf) : membersOf(regionOf)
  return { groups: [...sets].flatMap(([name, ranks]) => cut(stream.fork(name).shuffle([...ranks]), 2)) }
}

/** Whom `rank` may meet in this round: the others of its region, or, for a leader in the leaders' round, the other leaders. */
export function regionCandidates(regionOf: readonly string[], every: number, rank: number, round: number): number[] {
  const sets = leadersMeet(every, round) ? withLeadersApart(regionOf) : membersOf(regionOf)
  const own = [...sets.values()].find(ranks => ranks.includes(rank)) ?? []
  return own.filter(other => other !== rank)
}

function leadersMeet(every: number, round: number): boolean {
  return round % every === every - 1
}

/** Region -> its ranks, lowest first. @param regionOf region of each rank */
function membersOf(regionOf: readonly string[]): Map<string, number[]> {
  const members = new Map<string, number[]>()
  for (const [rank, name] of regionOf.entries()) {
    const key = `region ${name}`
    const ranks = members.get(key)
    if (ranks) ranks.push(rank)
    else members.set(key, [rank])
  }
  return members
}

function withLeadersApart(regionOf: readonly string[]): Map<string, number[]> {
  const members = membersOf(regionOf)
  const leaders = [...members.values()].map(ranks => ranks[0]!)
  const followers = [...members].map(([name, ranks]): [string, number[]] => [name, ranks.slice(1)])
  return new Map([['leaders', leaders], ...followers])
}
