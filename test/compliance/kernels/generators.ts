import type { Random } from '../../../src/core/random.ts'
import type { KernelCase } from './case.ts'
import { convolutions } from './convolution.ts'
import { binaries, unaries } from './elementwise.ts'
import { images } from './images.ts'
import { indexing } from './indexing.ts'
import { attention, lossesOfTfjs } from './losses.ts'
import { normalization } from './normalization.ts'
import { pooling } from './pooling.ts'
import { products, reductions, scans } from './reductions.ts'
import { shaping } from './shaping.ts'

/** Cases of random shapes and values, by what they are about. */
export const generators: Readonly<Record<string, (r: Random) => readonly KernelCase[]>> = {
  attention,
  binaries,
  convolutions,
  images,
  indexing,
  losses: lossesOfTfjs,
  normalization,
  pooling,
  products,
  reductions,
  scans,
  shaping,
  unaries,
}
