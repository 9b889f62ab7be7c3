import { sizeOf } from '../graph.ts'
import { axesOf, dtypeOf, type KernelRules, scalarLike } from './rule.ts'

export const indexingKernels: KernelRules = {
  GatherV2: (build, { x, indices }, { axis, batchDims }) => {
    if (batchDims) throw new TypeError(`gather over ${batchDims} batch dimensions`)
    return build.add('Gather', [x!, indices!], { axis: axesOf(axis ?? 0, x!.shape.length)[0]! })
  },
  OneHot: (build, { indices }, { depth, onValue, offValue, dtype }) => {
    const marks = build.add('OneHot', [indices!], { depth: Number(depth) })
    const [on, off] = [Number(onValue ?? 1), Number(offValue ?? 0)]
    const scaled = build.add('Mul', [marks, scalarLike(build, on - off, marks)])
    const values = build.add('Add', [scaled, scalarLike(build, off, marks)])
    return build.add('Cast', [values], { to: dtypeOf(dtype ?? 'float32') })
  },
  UnsortedSegmentSum: (build, { x, segmentIds }, { numSegments }) => {
    const rows = sizeOf(segmentIds!.shape)
    const ids = build.add('Cast', [build.reshape(segmentIds!, [rows, 1])], { to: 'int64' })
    const inner = x!.shape.slice(segmentIds!.shape.length)
    const zeros = build.fill(0, { shape: [Number(numSegments), ...inner], dtype: x!.dtype })
    return build.add('ScatterRows', [zeros, ids, build.reshape(x!, [rows, ...inner])])
  },
}
