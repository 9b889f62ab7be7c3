import { backend_util, slice_util } from '@tensorflow/tfjs-core'
import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { UntraceableError } from '../untraceable.ts'
import { axesOf, integers, type KernelRules, listOf } from './rule.ts'
import { sliceAlong } from './window.ts'

type Pairs = readonly (readonly [number, number])[]

/** `count` elements along `axis` from `start` on, the last of them first. */
function mirrored(build: GraphBuilder, x: Value, axis: number, start: number, count: number): Value {
  return build.add('Slice', [x], {
    starts: x.shape.map((_, i) => (i === axis ? start + count - 1 : 0)),
    sizes: x.shape.with(axis, count),
    steps: x.shape.map((_, i) => (i === axis ? -1 : 1)),
  })
}

/** Mirror images on both sides of an axis; `skip` elements at the edge are not repeated. */
function mirrorAlong(
  build: GraphBuilder,
  x: Value,
  axis: number,
  [before, after]: readonly [number, number],
  skip: number,
): Value {
  const parts = [x]
  if (before > 0) parts.unshift(mirrored(build, x, axis, skip, before))
  if (after > 0) parts.push(mirrored(build, x, axis, x.shape[axis]! - skip - after, after))
  return parts.length === 1 ? x : build.add('Concat', parts, { axis })
}

/** Kernels that move whole blocks of a tensor. */
export const blockKernels: KernelRules = {
  BatchToSpaceND: (build, { x }, { blockShape, crops }) => {
    const blocks = [...integers(blockShape)]
    const product = blocks.reduce((a, b) => a * b)
    const shape = [...x!.shape]
    const split = build.reshape(x!, backend_util.getReshaped(shape, blocks, product))
    const order = backend_util.getPermuted(split.shape.length, blocks.length)
    const merged = backend_util.getReshapedPermuted(shape, blocks, product)
    const whole = build.reshape(build.add('Transpose', [split], { order }), merged)
    return (crops as Pairs).reduce(
      (value, [before, after], i) => sliceAlong(build, value, i + 1, before, value.shape[i + 1]! - before - after),
      whole,
    )
  },
  DepthToSpace: (build, { x }, { blockSize, dataFormat }) => {
    if (dataFormat !== 'NHWC') throw new UntraceableError(`data format ${dataFormat}`)
    const [batch, height, width, depth] = x!.shape as [number, number, number, number]
    const size = Number(blockSize)
    const channels = depth / size ** 2
    const split = build.reshape(x!, [batch, height, width, size, size, channels])
    const order = [0, 1, 3, 2, 4, 5]
    return build.reshape(build.add('Transpose', [split], { order }), [batch, height * size, width * size, channels])
  },
  Diag: (build, { x }) => {
    const length = x!.shape.reduce((product, size) => product * size, 1)
    const unit = Float32Array.from({ length: length * length }, (_, i) => Number(i % (length + 1) === 0))
    const matrix = build.add('Cast', [listOf(build, unit, [length, length])], { to: x!.dtype })
    return build.reshape(build.add('Mul', [matrix, build.reshape(x!, [length, 1])]), [...x!.shape, ...x!.shape])
  },
  FlipLeftRight: (build, { image }) => mirrored(build, image!, 2, 0, image!.shape[2]!),
  MirrorPad: (build, { x }, { paddings, mode }) =>
    (paddings as Pairs).reduce(
      (value, pair, axis) => mirrorAlong(build, value, axis, pair, mode === 'reflect' ? 1 : 0),
      x!,
    ),
  Reverse: (build, { x }, { dims }) =>
    axesOf(dims, x!.shape.length).reduce((value, axis) => mirrored(build, value, axis, 0, value.shape[axis]!), x!),
  SpaceToBatchND: (build, { x }, { blockShape, paddings }) => {
    const blocks = [...integers(blockShape)]
    const product = blocks.reduce((a, b) => a * b)
    const pairs = paddings as Pairs
    const around = (side: 0 | 1) => x!.shape.map((_, axis) => pairs[axis - 1]?.[side] ?? 0)
    const padded = build.add('Pad', [x!], { before: around(0), after: around(1), value: 0 })
    const shape = [...padded.shape]
    const split = build.reshape(padded, backend_util.getReshaped(shape, blocks, product, false))
    const order = backend_util.getPermuted(split.shape.length, blocks.length, false)
    const merged = backend_util.getReshapedPermuted(shape, blocks, product, false)
    return build.reshape(build.add('Transpose', [split], { order }), merged)
  },
  StridedSlice: (build, { x }, attributes) => {
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes
    const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask].map(Number) as Masks
    const lists = [begin, end, strides].map(list => [...integers(list)]) as [number[], number[], number[]]
    const info = slice_util.sliceInfo([...x!.shape], ...lists, ...masks)
    const sliced = build.add('Slice', [x!], {
      starts: info.begin,
      sizes: slice_util.computeOutShape(info.begin, info.end, info.strides),
      steps: info.strides,
    })
    return build.reshape(sliced, info.finalShape)
  },
}

type Masks = [number, number, number, number, number]
