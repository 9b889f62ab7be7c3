import { z } from 'zod'
import type { Random } from '../../core/random.ts'
import type { PeerId } from '../transport.ts'
import { parseInit } from './parse-init.ts'
import { places } from './places.ts'

const positive = z.number().gt(0)

/** Milliseconds. */
const duration = z.number().gt(0).max(1e9)

const modelled = z.strictObject({
  /** @default 'modelled' */
  kind: z.literal('modelled').optional(),
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

/** What was measured, step by step. Peers beyond the recorded ones take the first ones' steps again. */
const recorded = z.strictObject({
  kind: z.literal('recorded'),
  /** Of each peer, in the peers' order. A peer that makes more steps than were recorded begins again with the second. */
  peers: z
    .array(
      z.strictObject({
        /** Milliseconds that pass before the first step of its first life. */
        offset: z.number().min(0).max(1e9).default(0),
        steps: z.array(duration).min(1),
      }),
    )
    .min(1),
})

/** How long peers compute: drawn from a model, or as it was recorded. */
export const computeTimeSchema = z.discriminatedUnion('kind', [modelled, recorded])

export type RecordedComputeTime = z.output<typeof recorded>
export type ComputeTimeInit = z.input<typeof computeTimeSchema>

/** How long the steps of peers take. */
export interface ComputeTime {
  /** Of a peer; 1 is the base, or the mean of what was recorded. */
  speed(peer: PeerId): number
  /** The next steps of a peer: each call gives the milliseconds of one. A new life of the peer draws others. */
  steps(peer: PeerId, life?: number): () => number
}

/**
 * @param peers in the order in which recorded steps are dealt out; others follow as they appear
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function computeTime(init: ComputeTimeInit, random: Random, peers: readonly PeerId[] = []): ComputeTime {
  const given = parseInit(computeTimeSchema, init, 'compute')
  return given.kind === 'recorded' ? recordedTime(given, peers) : modelledTime(given, random)
}

/** T = (base / speed_i) e^N(-s^2/2, s^2) (1 + m Bern(p)), so that the mean is (base / speed_i) (1 + p mean(m)). */
function modelledTime(given: z.output<typeof modelled>, random: Random): ComputeTime {
  const { base, speed: bounds, speeds, spread, stragglers } = given
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

function recordedTime({ peers: recordings }: RecordedComputeTime, peers: readonly PeerId[]): ComputeTime {
  const placeOf = places(peers)
  const recordingOf = (peer: PeerId) => recordings[placeOf(peer) % recordings.length]!
  const mean = (steps: readonly number[]) => steps.reduce((sum, ms) => sum + ms, 0) / steps.length
  const base = mean(recordings.map(({ steps }) => mean(steps)))
  return {
    speed: peer => base / mean(recordingOf(peer).steps),
    steps(peer, life = 0) {
      const { steps, offset } = recordingOf(peer)
      // The first step of a session warms up: it is not the one that follows the last.
      const again = Math.max(1, steps.length - 1)
      let step = 0
      return () => {
        const ms = steps[step < steps.length ? step : steps.length - again + ((step - steps.length) % again)]!
        const wait = step === 0 && life === 0 ? offset : 0
        step += 1
        return wait + ms
      }
    },
  }
}
