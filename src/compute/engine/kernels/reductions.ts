import { axesOf, type KernelRule, type KernelRules } from './rule.ts'

/** Sums and the like over `axis` of `x`; tfjs names the attribute differently for the maximum and minimum. */
const reduction =
  (op: string): KernelRule =>
  (build, { x }, { axis, reductionIndices, keepDims }) =>
    build.add(op, [x!], { axes: axesOf(axis ?? reductionIndices, x!.shape.length), keepDims: keepDims === true })

/** Of booleans, as the extreme of 0 and 1. */
const ofBooleans =
  (op: string): KernelRule =>
  (build, { x }, { axis, keepDims }) => {
    const numbers = build.add('Cast', [x!], { to: 'float32' })
    const axes = axesOf(axis, x!.shape.length)
    return build.add('Cast', [build.add(op, [numbers], { axes, keepDims: keepDims === true })], { to: 'bool' })
  }

const extremePlace =
  (op: string): KernelRule =>
  (build, { x }, { axis }) =>
    build.add('Cast', [build.add(op, [x!], { axes: axesOf(axis ?? 0, x!.shape.length), keepDims: false })], {
      to: 'int32',
    })

export const reductionKernels: KernelRules = {
  All: ofBooleans('ReduceMin'),
  Any: ofBooleans('ReduceMax'),
  ArgMax: extremePlace('ArgMax'),
  ArgMin: extremePlace('ArgMin'),
  Max: reduction('ReduceMax'),
  // The mean of integers and booleans is a float32, as that of `tf.metrics.binaryAccuracy`.
  Mean: (build, { x }, attributes) =>
    reduction('ReduceMean')(
      build,
      { x: x!.dtype === 'float32' ? x! : build.add('Cast', [x!], { to: 'float32' }) },
      attributes,
    ),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  Sum: reduction('ReduceSum'),
  Cumsum: (build, { x }, { axis, exclusive, reverse }) =>
    build.add('CumSum', [x!], {
      axis: axesOf(axis ?? 0, x!.shape.length)[0]!,
      exclusive: exclusive === true,
      reverse: reverse === true,
    }),
  Softmax: (build, { logits }, { dim }) =>
    build.add('Softmax', [logits!], { axis: axesOf(dim ?? -1, logits!.shape.length)[0]! }),
}
