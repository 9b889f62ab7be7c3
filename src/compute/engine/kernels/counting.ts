import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { axesOf, type KernelRule, type KernelRules } from './rule.ts'
import { padAlong, sliceAlong } from './window.ts'

/** How often each of 0 ... size - 1 occurs along the last axis of integers [..., n], by weight if there are weights. */
const counts: KernelRule = (build, { x, weights }, { size, binaryOutput }) => {
  const marks = build.add('OneHot', [x!], { depth: Number(size) })
  const weighted = weights && weights.shape.length > 0 && !weights.shape.includes(0) && !binaryOutput
  const scale = weighted
    ? build.reshape(build.add('Cast', [weights], { to: 'float32' }), [...weights.shape, 1])
    : undefined
  const values = scale ? build.add('Mul', [marks, scale]) : marks
  const axes = [x!.shape.length - 1]
  const sum = build.add(binaryOutput ? 'ReduceMax' : 'ReduceSum', [values], { axes, keepDims: false })
  return build.add('Cast', [sum], { to: weights?.dtype ?? 'float32' })
}

/** Each element moved by `distance` along `axis`, ones before: towards the start if `reverse`. */
function shifted(build: GraphBuilder, x: Value, axis: number, distance: number, reverse: boolean): Value {
  const left = x.shape[axis]! - distance
  const kept = sliceAlong(build, x, axis, reverse ? distance : 0, left)
  return padAlong(build, kept, axis, reverse ? 0 : distance, reverse ? distance : 0, 1)
}

/** Products of 1, 2, 4, ... neighbours (Hillis & Steele 1986): as many steps as the length has binary digits. */
const cumulativeProduct: KernelRule = (build, { x }, { axis, exclusive, reverse }) => {
  const along = axesOf(axis ?? 0, x!.shape.length)[0]!
  const back = reverse === true
  let products = exclusive ? shifted(build, x!, along, 1, back) : x!
  for (let distance = 1; distance < x!.shape[along]!; distance *= 2) {
    products = build.add('Mul', [products, shifted(build, products, along, distance, back)])
  }
  return products
}

export const countingKernels: KernelRules = {
  Bincount: counts,
  Cumprod: cumulativeProduct,
  DenseBincount: counts,
  SearchSorted: (build, { sortedSequence, values }, { side }) => {
    const [batch, length] = sortedSequence!.shape as [number, number]
    const sorted = build.reshape(sortedSequence!, [batch, length, 1])
    const wanted = build.reshape(values!, [batch, 1, values!.shape[1]!])
    const before = build.add(side === 'right' ? 'LessOrEqual' : 'Less', [sorted, wanted])
    const number = build.add('Cast', [before], { to: 'int32' })
    return build.add('ReduceSum', [number], { axes: [1], keepDims: false })
  },
  TopK: (build, { x }, { k }) => {
    const [values, places] = build.addMany('TopK', [x!], { k: Number(k) })
    return [values!, build.add('Cast', [places!], { to: 'int32' })]
  },
}
