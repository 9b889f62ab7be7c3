import { convolutions } from './kernels/convolution.ts'
import { unaries } from './kernels/elementwise.ts'
import { attention, lossesOfTfjs } from './kernels/losses.ts'
import { normalization } from './kernels/normalization.ts'
import { pooling } from './kernels/pooling.ts'
import { kernelSuite } from './kernels.ts'

kernelSuite({
  generators: { attention, convolutions, losses: lossesOfTfjs, normalization, pooling, unaries },
  seeds: ['a', 'b'],
})
