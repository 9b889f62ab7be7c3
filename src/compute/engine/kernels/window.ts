import type { backend_util } from '@tensorflow/tfjs-core'
import type { GraphBuilder } from '../builder.ts'
import type { Attributes, Value } from '../graph.ts'
import { scalarLike } from './rule.ts'

/** A window that slides along one spatial axis. */
export interface Slide {
  /** Elements of the axis. */
  length: number
  /** Elements of the window, `dilation` apart. */
  size: number
  stride: number
  dilation: number
  /** Padding. */
  before: number
  after: number
  /** Places of the window: the length of the result. */
  places: number
}

type Info2D = ReturnType<typeof backend_util.computeConv2DInfo>
type Info3D = ReturnType<typeof backend_util.computeConv3DInfo>

/** tfjs's own account of a convolution or pooling, axis by axis. */
export function slidesOf(info: Info2D | Info3D): Slide[] {
  const { padInfo } = info
  const rows = slide(
    info.inHeight,
    info.filterHeight,
    info.strideHeight,
    info.dilationHeight,
    padInfo.top,
    info.outHeight,
  )
  const columns = slide(
    info.inWidth,
    info.filterWidth,
    info.strideWidth,
    info.dilationWidth,
    padInfo.left,
    info.outWidth,
  )
  if (!('inDepth' in info)) return [rows, columns]
  const depth = slide(
    info.inDepth,
    info.filterDepth,
    info.strideDepth,
    info.dilationDepth,
    info.padInfo.front,
    info.outDepth,
  )
  return [depth, rows, columns]
}

function slide(length: number, size: number, stride: number, dilation: number, before: number, places: number): Slide {
  const end = (places - 1) * stride + (size - 1) * dilation + 1
  return { length, size, stride, dilation, before, after: Math.max(0, end - length - before), places }
}

/** The attributes of an operator that slides a window. */
export const slidingAttributes = (slides: readonly Slide[]): Attributes => ({
  strides: slides.map(({ stride }) => stride),
  dilations: slides.map(({ dilation }) => dilation),
  before: slides.map(({ before }) => before),
  after: slides.map(({ after }) => after),
})

/** Elements from `start` on along `axis`, `step` apart. */
export function sliceAlong(build: GraphBuilder, x: Value, axis: number, start: number, size: number, step = 1): Value {
  if (size === x.shape[axis]) return x
  return build.add('Slice', [x], {
    starts: x.shape.map((_, i) => (i === axis ? start : 0)),
    sizes: x.shape.with(axis, size),
    steps: x.shape.map((_, i) => (i === axis ? step : 1)),
  })
}

/** `value` before and after the elements along `axis`. */
export function padAlong(build: GraphBuilder, x: Value, axis: number, before: number, after: number, value = 0): Value {
  if (before === 0 && after === 0) return x
  const only = (count: number) => x.shape.map((_, i) => (i === axis ? count : 0))
  return build.add('Pad', [x], { before: only(before), after: only(after), value })
}

/** What each element of the window sees at all its places along `axis`: `size` tensors of length `places`. */
export function views(build: GraphBuilder, x: Value, axis: number, slide: Slide, padding = 0): Value[] {
  const { size, stride, dilation, before, after, places } = slide
  const padded = padAlong(build, x, axis, before, after, padding)
  if (size === stride && size > 1 && dilation === 1) return tiles(build, padded, axis, size, places)
  return Array.from({ length: size }, (_, i) => sliceAlong(build, padded, axis, i * dilation, places, stride))
}

/** Windows that neither overlap nor leave gaps are parted in one pass. */
function tiles(build: GraphBuilder, x: Value, axis: number, size: number, places: number): Value[] {
  const whole = sliceAlong(build, x, axis, 0, places * size)
  const split = build.reshape(whole, x.shape.toSpliced(axis, 1, places, size))
  const parts = build.addMany('Split', [split], { axis: axis + 1, sizes: Array.from({ length: size }, () => 1) })
  return parts.map(part => build.reshape(part, x.shape.with(axis, places)))
}

/** The transpose of `views`: adds each tensor of length `places` to where the window's element saw it from. */
export function overlay(build: GraphBuilder, parts: readonly Value[], axis: number, slide: Slide): Value {
  const { length, stride, dilation, before } = slide
  const end = Math.max(
    before + length,
    ...parts.map((_, i) => (Math.floor((i * dilation) / stride) + slide.places) * stride),
  )
  const shifts = new Map<number, Value[]>()
  for (const [i, part] of parts.entries()) {
    const shift = Math.floor((i * dilation) / stride)
    const residues = shifts.get(shift) ?? []
    residues[(i * dilation) % stride] = part
    shifts.set(shift, residues)
  }
  const laid = [...shifts].map(([shift, residues]) => {
    const woven = interleave(build, residues, axis, stride)
    return padAlong(build, woven, axis, shift * stride, end - shift * stride - woven.shape[axis]!)
  })
  const sum = laid.reduce((all, each) => build.add('Add', [all, each]))
  return sliceAlong(build, sum, axis, before, length)
}

/** Element i of tensor r becomes element `stride` i + r along `axis`; where there is no tensor, zero. */
function interleave(
  build: GraphBuilder,
  residues: readonly (Value | undefined)[],
  axis: number,
  stride: number,
): Value {
  const like = residues.find(part => part !== undefined)!
  const shape = like.shape.toSpliced(axis + 1, 0, 1)
  const zeros = build.add('Expand', [scalarLike(build, 0, like)], { shape })
  const parts = Array.from({ length: stride }, (_, r) => (residues[r] ? build.reshape(residues[r], shape) : zeros))
  const woven = stride === 1 ? parts[0]! : build.add('Concat', parts, { axis: axis + 1 })
  return build.reshape(woven, like.shape.with(axis, like.shape[axis]! * stride))
}

/** Axes of [batch, ...spatial, channels] in the order [batch, channels, ...spatial]. */
export const channelsFirst = (build: GraphBuilder, x: Value): Value => {
  const rank = x.shape.length
  return build.add('Transpose', [x], { order: [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)] })
}

/** The inverse of `channelsFirst`. */
export const channelsLast = (build: GraphBuilder, x: Value): Value => {
  const rank = x.shape.length
  return build.add('Transpose', [x], { order: [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1] })
}
