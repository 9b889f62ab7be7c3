import { z } from 'zod'
import type { Random } from '../../core/random.ts'
import type { PeerId } from '../transport.ts'
import { parseInit } from './parse-init.ts'

const positive = z.number().gt(0)

/** How long peers compute. */
export const computeTimeSchema = z.strictObject({
  /** Milliseconds of a step at speed 1, on average and without stragglers. */
  base: positive,
  /** Speeds are drawn lognormally between these bounds; equal bounds make all peers alike. @default [1, 1] */
  speed: z
    .tuple([positive, positive])
    .refine(([least, most]) => least <= most, 'Expected the lesser value first')
    .default([1, 1]),
  /** Speeds of some peers, by name, in the place of drawn ones: 0.2 is five times slower. */
  speeds: z.record(z.string(), positive).default({}),
  /** Standard deviation of the logarithm of a step's time. @default 0.2 */
  spread: z.number().min(0).max(2).default(0.2),
  stragglers: z
    .strictObject({
      /** Share of steps that take longer. @default 0.02 */
      probability: z.number().min(0).max(1).default(0.02),
      /** What such a step takes more, as multiples of itself: drawn uniformly between the bounds. @default [5, 10] */
      slowdown: z.tuple([z.number().min(0), z.number().min(0)]).default([5, 10]),
    })
    .prefault({}),
})

export type ComputeTimeInit = z.input<typeof computeTimeSchema>

/**
 * The time of a step: T = (base / speed_i) e^N(-s^2/2, s^2) (1 + m Bern(p)), so that the mean is
 * (base / speed_i) (1 + p mean(m)).
 */
export interface ComputeTime {
  /** Of a peer; 1 is the base. */
  speed(peer: PeerId): number
  /** The next steps of a peer: each call draws the milliseconds of one. A new life of the peer draws others. */
  steps(peer: PeerId, life?: number): () => number
}

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function computeTime(init: ComputeTimeInit, random: Random): ComputeTime {
  const { base, speed: bounds, speeds, spread, stragglers } = parseInit(computeTimeSchema, init, 'compute')
  const { probability, slowdown } = stragglers
  const speed = (peer: PeerId) =>
    speeds[peer] ??
    random
      .fork('speed')
      .fork(peer)
      .lognormal(...bounds)
  return {
    speed,
    steps(peer, life = 0) {
      const usual = base / speed(peer)
      const stream = random.fork('steps').fork(peer).fork(life)
      return () => {
        const factor = Math.exp(spread * stream.normal() - (spread * spread) / 2)
        const slow = stream.next() < probability
        const extra = slowdown[0] + (slowdown[1] - slowdown[0]) * stream.next()
        return usual * factor * (slow ? 1 + extra : 1)
      }
    },
  }
}
