import { invalidOption } from '../../core/invalid-option.ts'
import { complete } from './complete.ts'
import { onePeerExponential, staticExponential } from './exponential.ts'
import { grid } from './grid.ts'
import { randomGroups } from './groups.ts'
import { hypercube } from './hypercube.ts'
import { matching } from './matching.ts'
import { regionCandidates, regions } from './regions.ts'
import { ring } from './ring.ts'
import { star } from './star.ts'
import { type Topology, type TopologyParts, topologyOf } from './topology.ts'

interface Seeded {
  /** Names the random choices: the same for all peers. @default 0 */
  seed?: string | number
}

export type TopologyInit =
  /** Any two peers. Where all must agree on a round, its pairs are those of `matching`. */
  | ({ kind: 'random-pairs' } & Seeded)
  | ({ kind: 'matching' } & Seeded)
  | { kind: 'one-peer-exponential' }
  | { kind: 'static-exponential' }
  | { kind: 'hypercube' }
  | { kind: 'ring' }
  | { kind: 'star' }
  | { kind: 'complete' }
  | ({
      kind: 'regions'
      /** Region of each member. Those who are not named are together one region more. */
      regions: Readonly<Record<string, string>>
      /** Rounds between two in which the leaders meet. Must be an integer >= 1. @default 4 */
      every?: number
    } & Seeded)
  | ({
      kind: 'groups'
      /** Peers of a group. Must be an integer >= 2. @default 4 */
      size?: number
    } & Seeded)
  | {
      kind: 'grid'
      /** Axes. Must be an integer >= 1. @default 2 */
      dimensions?: number
    }

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function createTopology(init: TopologyInit): Topology {
  return topologyOf(init.kind, partsOf(init))
}

function partsOf(init: TopologyInit): TopologyParts {
  switch (init.kind) {
    case 'random-pairs':
    case 'matching': {
      const { seed = 0 } = init
      const parts: TopologyParts = { pairs: true, mixing: ({ length }, round) => matching(length, seed, round) }
      const others = ({ length }: readonly string[], rank: number) =>
        Array.from({ length }, (_, other) => other).filter(other => other !== rank)
      return init.kind === 'matching' ? parts : { ...parts, candidates: others }
    }
    case 'one-peer-exponential':
      return { directed: true, mixing: ({ length }, round) => onePeerExponential(length, round) }
    case 'static-exponential':
      return { directed: true, mixing: ({ length }) => staticExponential(length) }
    case 'hypercube':
      return { pairs: true, mixing: ({ length }, round) => hypercube(length, round) }
    case 'ring':
      return { mixing: ({ length }) => ring(length) }
    case 'star':
      return { mixing: ({ length }) => star(length) }
    case 'complete':
      return { mixing: ({ length }) => complete(length) }
    case 'regions': {
      const { seed = 0 } = init
      const every = integer('every', 1, init.every ?? 4)
      const named = new Map(Object.entries(init.regions))
      const regionsOf = (members: readonly string[]) => members.map(member => named.get(member) ?? '')
      return {
        pairs: true,
        mixing: (members, round) => regions(regionsOf(members), every, seed, round),
        candidates: (members, rank, round) => regionCandidates(regionsOf(members), every, rank, round),
      }
    }
    case 'groups': {
      const { seed = 0 } = init
      const size = integer('size', 2, init.size ?? 4)
      return { mixing: ({ length }, round) => randomGroups(length, size, seed, round) }
    }
    case 'grid': {
      const dimensions = integer('dimensions', 1, init.dimensions ?? 2)
      return { mixing: ({ length }, round) => grid(length, dimensions, round) }
    }
  }
}

function integer(key: string, least: number, value: number): number {
  if (!Number.isInteger(value) || value < least) throw invalidOption(key, `an integer >= ${least}`, value)
  return value
}
