import { finish } from './activation.ts'
import type { KernelRule, KernelRules } from './rule.ts'

const product: KernelRule = (build, { a, b }, { transposeA, transposeB }) =>
  build.add('MatMul', [a!, b!], { transposeA: transposeA === true, transposeB: transposeB === true })

export const productKernels: KernelRules = {
  BatchMatMul: product,
  _FusedMatMul: (build, inputs, attributes) => {
    const value = product(build, inputs, attributes)
    return finish(build, value as never, inputs, attributes)
  },
}
