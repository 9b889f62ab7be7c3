import type { DeltaCodec } from './codec.ts'
import { randomPlaces } from './random-places.ts'
import { type SparseInit, sparse } from './sparse.ts'

export interface RandomKInit extends SparseInit {
  /** Names the places: both sides must know it, and it must change from message to message. */
  seed: string | number
}

/**
 * A random share whose places follow from the seed, so that values alone travel. Not scaled up by 1 / fraction, hence
 * biased: it wants error feedback, and contracts by 1 - fraction in expectation (Stich et al. 2018, arXiv:1809.07599).
 * @throws MurmurError `SPECIFICATION_INVALID`
 */
export function randomK({ seed, ...init }: RandomKInit): DeltaCodec {
  return sparse(init, {
    encodedLength: () => 0,
    choose: (values, k) => randomPlaces(k, values.length, seed),
    encode: () => new Uint8Array(0),
    decode: (_, k, n) => randomPlaces(k, n, seed),
    unsent: () => Infinity,
  })
}
