import { invalidOption } from '../../core/invalid-option.ts'
import { type StalenessInit, stalenessPolicy } from '../aggregation/staleness.ts'
import type { AveragerFactory } from '../averager.ts'
import type { CodecId } from '../compression/codecs.ts'
import { coordinateViews, drawLength } from '../pairing/coordinates.ts'
import { type NeighboursInit, neighbours } from '../topology/neighbours.ts'
import { asynchronousAverager, requirePeriod } from './asynchronous.ts'
import { inPairs } from './in-pairs.ts'

export interface SpartaInit {
  /** Local steps between two exchanges of a shard. Must be an integer >= 1. @default 1 */
  every?: number
  /** p, the share of the values that each exchange averages. Must be > 0 and <= 1. @default 0.005 */
  fraction?: number
  /** How values go over the wire. @default 'float32' */
  codec?: CodecId
  /** Whom a peer may exchange with. @default { kind: 'random-pairs' } */
  topology?: NeighboursInit
  /** What becomes of deltas that arrive late. @default { policy: 'none' } */
  staleness?: StalenessInit
  /** Seconds for one exchange. Must be > 0. @default 15 */
  timeout?: number
}

/** Draws are numbered below it. */
const DRAWS = 2 ** 32

/**
 * SPARTA (Beton et al. 2025): often, but only random coordinates. Here in pairs and without a barrier: each exchange
 * draws its own set, whose number the offer carries, and averages it by a single delta as pairwise gossip does a shard.
 * The sum over the swarm is preserved as there. One exchange of a random pair contracts disagreement by
 * 1 - p/(n-1), and a round of n/2 of them by 1 - p n/(2(n-1)).
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function sparta(init: SpartaInit = {}): AveragerFactory {
  const { every = 1, fraction = 0.005, codec = 'float32', timeout = 15 } = init
  requirePeriod({ every, timeout })
  if (!(fraction > 0 && fraction <= 1)) throw invalidOption('fraction', 'a number > 0 and <= 1', fraction)
  const policy = stalenessPolicy(init.staleness ?? { policy: 'none' })
  const topology = neighbours(init.topology ?? { kind: 'random-pairs' })
  return components =>
    asynchronousAverager(components, { every, timeout }, surroundings => {
      const { parameters, shards, run, random } = components
      const draws = random.fork('draws')
      const views = () => coordinateViews(parameters, run, fraction, surroundings.longest)
      const [ours, asked] = [views(), views()]
      return inPairs(components, surroundings, {
        codec,
        policy,
        longest: drawLength(surroundings.longest, fraction),
        ...topology(components),
        view: shard => ours.view(shard, draws.integer(DRAWS)),
        find({ shard: name, draw }) {
          const shard = shards.find(candidate => candidate.name === name)
          return shard && draw !== undefined ? asked.view(shard, draw) : undefined
        },
      })
    })
}
