import type { DeltaCodec } from './codec.ts'
import { type RandomKInit, randomK } from './random-k.ts'
import type { SparseInit } from './sparse.ts'
import { topK } from './top-k.ts'

/** Encodings of deltas alone, by name; those of values, which serve deltas too, are in `codecs.ts`. */
export type DeltaCodecInit = ({ codec: 'top-k' } & SparseInit) | ({ codec: 'random-k' } & RandomKInit)

/** @throws MurmurError `SPECIFICATION_INVALID` */
export function createDeltaCodec(init: DeltaCodecInit): DeltaCodec {
  return init.codec === 'top-k' ? topK(init) : randomK(init)
}
