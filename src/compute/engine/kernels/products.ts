import type { KernelRules } from './rule.ts'

export const productKernels: KernelRules = {
  BatchMatMul: (build, { a, b }, { transposeA, transposeB }) =>
    build.add('MatMul', [a!, b!], { transposeA: transposeA === true, transposeB: transposeB === true }),
}
