import type { AveragerFactory } from '../averager.ts'
import type { CodecId } from '../compression/codecs.ts'
import { ringMean } from '../rounds/ring.ts'
import { synchronousAverager } from './synchronous.ts'

export interface LocalSgdInit {
  /** Local steps between two averagings, H. Must be an integer >= 1. @default 20 */
  every?: number
  /** How values go over the wire. @default 'float32' */
  codec?: CodecId
  /** Seconds for which a barrier waits for the last peer, at most. Must be > 0. @default 120 */
  timeout?: number
}

/**
 * Local SGD (Stich 2019, arXiv:1805.09767): every H steps all peers wait for each other and take on the mean of their
 * parameters, by ring all-reduce. Sends 2 P (n-1)/n values every H steps.
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function localSgd({ every = 20, codec = 'float32', timeout = 120 }: LocalSgdInit = {}): AveragerFactory {
  return components =>
    synchronousAverager(components, { every, timeout }, allocate => {
      const scratch = allocate()
      return { mix: (meeting, values) => ringMean(meeting, values, scratch, codec) }
    })
}
