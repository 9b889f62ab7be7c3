import { convolutions } from './kernels/convolution.ts'
import { binaries, unaries } from './kernels/elementwise.ts'
import { images } from './kernels/images.ts'
import { indexing } from './kernels/indexing.ts'
import { attention, lossesOfTfjs } from './kernels/losses.ts'
import { normalization } from './kernels/normalization.ts'
import { pooling } from './kernels/pooling.ts'
import { products, reductions, scans } from './kernels/reductions.ts'
import { shaping } from './kernels/shaping.ts'
import { kernelSuite } from './kernels.ts'

kernelSuite({
  generators: {
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
  },
  seeds: ['a', 'b'],
})
