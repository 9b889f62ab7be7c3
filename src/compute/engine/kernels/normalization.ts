import { type KernelRules, scalarLike } from './rule.ts'

export const normalizationKernels: KernelRules = {
  FusedBatchNorm: (build, { x, mean, variance, offset, scale }, { varianceEpsilon }) => {
    const deviation = build.add('Sqrt', [build.add('Add', [variance!, scalarLike(build, Number(varianceEpsilon), x!)])])
    const inverse = build.add('Reciprocal', [deviation])
    const slope = scale ? build.add('Mul', [inverse, scale]) : inverse
    const scaled = build.add('Mul', [build.add('Sub', [x!, mean!]), slope])
    return offset ? build.add('Add', [scaled, offset]) : scaled
  },
}
