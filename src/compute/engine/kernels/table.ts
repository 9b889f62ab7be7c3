import { convolutionKernels } from './convolution.ts'
import { elementwiseKernels } from './elementwise.ts'
import { indexingKernels } from './indexing.ts'
import { normalizationKernels } from './normalization.ts'
import { poolingKernels } from './pooling.ts'
import { productKernels } from './products.ts'
import { reductionKernels } from './reductions.ts'
import type { KernelRules } from './rule.ts'
import { shapingKernels } from './shaping.ts'

/** Every tfjs kernel that can be traced. */
export const kernelTable: KernelRules = {
  ...convolutionKernels,
  ...elementwiseKernels,
  ...indexingKernels,
  ...normalizationKernels,
  ...poolingKernels,
  ...productKernels,
  ...reductionKernels,
  ...shapingKernels,
}
