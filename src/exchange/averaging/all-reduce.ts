import type { AveragerFactory } from '../averager.ts'
import type { CodecId } from '../compression/codecs.ts'
import type { Meeting } from '../rounds/meeting.ts'
import { ringMean } from '../rounds/ring.ts'
import { synchronousAverager } from './synchronous.ts'

export interface AllReduceInit {
  /**
   * Local steps between two averagings of the parameters themselves, which heal what a failed round left apart; the
   * gradients are averaged at every step. Must be an integer >= 1. @default 200
   */
  every?: number
  /** How values go over the wire. @default 'float32' */
  codec?: CodecId
  /** Seconds for which a step waits for the last peer, at most. Must be > 0. @default 120 */
  timeout?: number
}

/**
 * Synchronous data-parallel SGD: every step takes the mean of all peers' gradients, by ring all-reduce, so that all hold the
 * same parameters. x <- x - eta (1/n) sum g_i. Sends 2 P (n-1)/n values a step, and is as fast as the slowest peer.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function allReduce({ every = 200, codec = 'float32', timeout = 120 }: AllReduceInit = {}): AveragerFactory {
  return components =>
    synchronousAverager(components, { every, timeout }, allocate => {
      const scratch = allocate()
      const mean = (meeting: Meeting, values: Float32Array) => ringMean(meeting, values, scratch, codec)
      return { mix: mean, reduce: mean }
    })
}
