import { elementwiseKernels } from './elementwise.ts'
import { indexingKernels } from './indexing.ts'
import { productKernels } from './products.ts'
import { reductionKernels } from './reductions.ts'
import type { KernelRules } from './rule.ts'
import { shapingKernels } from './shaping.ts'

/** Every tfjs kernel that can be traced. */
export const kernelTable: KernelRules = {
  ...elementwiseKernels,
  ...indexingKernels,
  ...productKernels,
  ...reductionKernels,
  ...shapingKernels,
}
