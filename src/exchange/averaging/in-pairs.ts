import type { Shard } from '../../core/layout.ts'
import type { StalenessPolicy } from '../aggregation/staleness.ts'
import type { AveragerComponents, ExchangeOutcome } from '../averager.ts'
import type { CodecId } from '../compression/codecs.ts'
import { Initiator } from '../pairing/initiator.ts'
import { AVERAGE_PROTOCOL, type Offer } from '../pairing/protocol.ts'
import { Responder } from '../pairing/responder.ts'
import type { View } from '../pairing/view.ts'
import type { Neighbours } from '../topology/neighbours.ts'
import type { Exchanging, Surroundings } from './asynchronous.ts'

/** What makes one algorithm of pairs differ from another. */
export interface PairsInit extends Neighbours {
  codec: CodecId
  /** The weight that this peer asks for, and the most that it grants. */
  policy: StalenessPolicy
  /** Values of the longest view. @default those of the longest shard */
  longest?: number
  /** What to exchange of a shard that is due. */
  view(shard: Shard): View
  /** What a partner's offer is about. */
  find(offer: Pick<Offer, 'shard' | 'draw'>): View | undefined
}

/** Exchanges of pairs by a single delta: one initiated and one answered at a time. */
export function inPairs(components: AveragerComponents, surroundings: Surroundings, init: PairsInit): Exchanging {
  const { timeout, longest, step, onBytes, counters } = surroundings
  const shared = { timeout, longest: init.longest ?? longest, policy: init.policy, step, onBytes }
  const initiator = new Initiator(components, { ...shared, codec: init.codec })
  const responder = new Responder(components, {
    ...shared,
    find: offer => init.find(offer),
    onServed: () => {
      counters.served += 1
    },
  })
  return {
    answers: { [AVERAGE_PROTOCOL]: (channel, signal) => responder.answer(channel, signal) },
    onStep: () => responder.prune(),
    refuse: () => responder.refuseOffers(),
    end: async () => responder.clear(),
    async exchange(shard, signal) {
      const partner = init.pick(shard.name)
      if (partner === undefined) return { outcome: 'no-partner' }
      const result = await initiator.exchange(init.view(shard), partner, signal)
      if (result.outcome !== 'ok' && !HARMLESS.has(result.outcome)) init.failed(partner)
      return result
    },
  }
}

/** Failures that say nothing against the partner. */
export const HARMLESS: ReadonlySet<ExchangeOutcome> = new Set(['busy', 'too-stale', 'cancelled'])
