import type { GraphBuilder } from '../builder.ts'
import { sizeOf, type Value } from '../graph.ts'
import { axesOf, dtypeOf, type KernelRules, listOf, scalarLike } from './rule.ts'

/** Gathers from x [batch, outer, length, inner], each batch with its own indices, as rows of one long table. */
function gatherByBatch(build: GraphBuilder, x: Value, indices: Value, axis: number, batchRank: number): Value {
  const batch = sizeOf(x.shape.slice(0, batchRank))
  const [outer, length] = [x.shape.slice(batchRank, axis), x.shape[axis]!]
  const inner = x.shape.slice(axis + 1)
  const places = indices.shape.slice(batchRank)
  const split = build.reshape(x, [batch, sizeOf(outer), length, sizeOf(inner)])
  const table = build.reshape(build.add('Transpose', [split], { order: [0, 2, 1, 3] }), [
    batch * length,
    sizeOf(outer) * sizeOf(inner),
  ])
  const starts = listOf(
    build,
    Int32Array.from({ length: batch }, (_, i) => i * length),
    [batch, 1],
  )
  const rows = build.add('Add', [build.reshape(indices, [batch, sizeOf(places)]), starts])
  const gathered = build.reshape(build.add('Gather', [table, rows], { axis: 0 }), [
    batch,
    sizeOf(places),
    sizeOf(outer),
    sizeOf(inner),
  ])
  const ordered = build.add('Transpose', [gathered], { order: [0, 2, 1, 3] })
  return build.reshape(ordered, [...x.shape.slice(0, batchRank), ...outer, ...places, ...inner])
}

export const indexingKernels: KernelRules = {
  GatherV2: (build, { x, indices }, { axis, batchDims }) => {
    const along = axesOf(axis ?? 0, x!.shape.length)[0]!
    const batch = Number(batchDims ?? 0)
    return batch > 0
      ? gatherByBatch(build, x!, indices!, along, batch)
      : build.add('Gather', [x!, indices!], { axis: along })
  },
  GatherNd: (build, { params, indices }) =>
    build.add('GatherND', [params!, build.add('Cast', [indices!], { to: 'int64' })]),
  OneHot: (build, { indices }, { depth, onValue, offValue, dtype }) => {
    // A negative index marks nothing in tfjs, and counts from the end in ONNX; one past the end marks nothing in both.
    const outside = build.fill(Number(depth), { shape: [], dtype: indices!.dtype })
    const negative = build.add('Less', [indices!, scalarLike(build, 0, indices!)])
    const places = build.add('Where', [negative, outside, indices!])
    const marks = build.add('OneHot', [places], { depth: Number(depth) })
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
