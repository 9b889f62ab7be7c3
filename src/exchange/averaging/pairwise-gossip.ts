import { type StalenessInit, stalenessPolicy } from '../aggregation/staleness.ts'
import type { AveragerFactory } from '../averager.ts'
import type { CodecId } from '../compression/codecs.ts'
import { shardView } from '../pairing/view.ts'
import { type NeighboursInit, neighbours } from '../topology/neighbours.ts'
import { asynchronousAverager, requirePeriod } from './asynchronous.ts'
import { inPairs } from './in-pairs.ts'

export interface PairwiseGossipInit {
  /** Local steps between two exchanges of a shard. Must be an integer >= 1. @default 20 */
  every?: number
  /** How values go over the wire. @default 'int8' */
  codec?: CodecId
  /** Whom a peer may exchange with. @default { kind: 'random-pairs' } */
  topology?: NeighboursInit
  /** What becomes of deltas that arrive late. @default { policy: 'none' } */
  staleness?: StalenessInit
  /** Seconds for one exchange. Must be > 0. @default 15 */
  timeout?: number
}

/**
 * Asynchronous pairwise gossip (AD-PSGD, Lian et al. 2018, arXiv:1710.06952) by the single-delta rule: a pair agrees on
 * one quantised delta d and a weight w; the initiator adds w d and the responder subtracts it, each between two of its
 * own steps. Whatever the codec, the staleness and the steps made meanwhile, the sum over both is unchanged.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function pairwiseGossip(init: PairwiseGossipInit = {}): AveragerFactory {
  const { every = 20, timeout = 15, codec = 'int8' } = init
  const policy = stalenessPolicy(init.staleness ?? { policy: 'none' })
  const topology = neighbours(init.topology ?? { kind: 'random-pairs' })
  requirePeriod({ every, timeout })
  return components =>
    asynchronousAverager(components, { every, timeout }, surroundings => {
      const { parameters, shards } = components
      const views = new Map(shards.map(shard => [shard.name, shardView(parameters, shard)]))
      return inPairs(components, surroundings, {
        codec,
        policy,
        ...topology(components),
        view: shard => views.get(shard.name)!,
        find: offer => (offer.draw === undefined ? views.get(offer.shard) : undefined),
      })
    })
}
