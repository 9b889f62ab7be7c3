import { blockKernels } from './blocks.ts'
import { convolutionKernels } from './convolution.ts'
import { countingKernels } from './counting.ts'
import { divisionKernels } from './division.ts'
import { einsumKernels } from './einsum.ts'
import { elementwiseKernels } from './elementwise.ts'
import { imageKernels } from './images.ts'
import { indexingKernels } from './indexing.ts'
import { normalizationKernels } from './normalization.ts'
import { poolingKernels } from './pooling.ts'
import { productKernels } from './products.ts'
import { reductionKernels } from './reductions.ts'
import type { KernelRules } from './rule.ts'
import { scatterKernels } from './scatter.ts'
import { shapingKernels } from './shaping.ts'

/** Every tfjs kernel that can be traced. */
export const kernelTable: KernelRules = {
  ...blockKernels,
  ...convolutionKernels,
  ...countingKernels,
  ...divisionKernels,
  ...einsumKernels,
  ...elementwiseKernels,
  ...imageKernels,
  ...indexingKernels,
  ...normalizationKernels,
  ...poolingKernels,
  ...productKernels,
  ...reductionKernels,
  ...scatterKernels,
  ...shapingKernels,
}
