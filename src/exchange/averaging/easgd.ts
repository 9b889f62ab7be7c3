import { invalidOption } from '../../core/invalid-option.ts'
import type { Shard } from '../../core/layout.ts'
import { addScaled } from '../../core/vector.ts'
import type { AveragerFactory } from '../averager.ts'
import { centre } from '../centre/centre.ts'
import type { CodecId } from '../compression/codecs.ts'
import { failureOf } from '../failure.ts'
import { shardView } from '../pairing/view.ts'
import { asynchronousAverager, type ExchangeResult, requirePeriod } from './asynchronous.ts'
import { inPairs } from './in-pairs.ts'

export interface EasgdInit {
  /** tau, local steps between two meetings with the centre. Must be an integer >= 1. @default 20 */
  every?: number
  /**
   * beta = n alpha: how far all peers together pull the centre in a round. Must be > 0 and <= 1. @default 0.9, as in the
   * paper
   */
  elasticity?: number
  /** How values go over the wire. @default 'int8' */
  codec?: CodecId
  /** Seconds for one exchange. Must be > 0. @default 15 */
  timeout?: number
}

/**
 * Asynchronous elastic averaging SGD (Zhang et al. 2015, arXiv:1412.6651): every tau steps a peer and a centre variable
 * move toward each other, d = alpha (x_i - c), x_i -= d, c += d, alpha = beta / n. It is the exchange of a pair of weight
 * 2 alpha whose responder offers the centre in place of its parameters, so both sides apply the same quantised d, a lost
 * answer is asked for again, and the sum over peers and centre is preserved.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function easgd(init: EasgdInit = {}): AveragerFactory {
  const { every = 20, elasticity = 0.9, codec = 'int8', timeout = 15 } = init
  requirePeriod({ every, timeout })
  if (!(elasticity > 0 && elasticity <= 1)) throw invalidOption('elasticity', 'a number > 0 and <= 1', elasticity)
  return components =>
    asynchronousAverager(components, { every, timeout }, surroundings => {
      const { parameters, shards } = components
      const first = shards[0]?.name ?? ''
      const middle = centre(components, surroundings.step)
      const alpha = () => elasticity / Math.max(2, middle.members(first))
      const own = parameters.allocate(surroundings.longest)
      const pairs = inPairs(components, surroundings, {
        codec,
        policy: () => 2 * alpha(),
        pick: shard => middle.keeper(shard),
        failed: () => {}, // there is nobody else to go to, until the swarm notices
        view: shard => shardView(parameters, shard),
        find(offer) {
          const shard = shards.find(({ name }) => name === offer.shard)
          return shard && offer.draw === undefined && middle.isKeptHere(shard.name) ? middle.view(shard) : undefined
        },
      })
      const meetHere = async (shard: Shard): Promise<ExchangeResult> => {
        const d = own.subarray(0, shard.length)
        const values = await middle.values(shard)
        const { step } = await parameters.snapshot(shard.offset, d)
        addScaled(d, values, -1)
        addScaled(values, d, alpha())
        const stamp = await parameters.apply(shard.offset, d, -alpha())
        return { outcome: 'ok', staleness: stamp.step - step }
      }
      return {
        ...pairs,
        async exchange(shard, signal) {
          if (middle.keeper(shard.name) === undefined || !middle.isKeptHere(shard.name)) {
            return await pairs.exchange(shard, signal)
          }
          return await meetHere(shard).catch((error: unknown) => ({ outcome: failureOf(error) }))
        },
      }
    })
}
