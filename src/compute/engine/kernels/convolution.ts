import { backend_util } from '@tensorflow/tfjs-core'
import type { GraphBuilder } from '../builder.ts'
import { sizeOf, type Value } from '../graph.ts'
import { finish } from './activation.ts'
import { integers, type KernelAttributes, type KernelRule, type KernelRules } from './rule.ts'
import { channelsFirst, channelsLast, padAlong, type Slide, slidesOf, slidingAttributes, views } from './window.ts'

/** A convolution of [batch, ...spatial, channels] with a filter [...window, in, out], as tfjs has them. */
interface Convolution {
  slides: readonly Slide[]
  /** The data has its channels before its spatial axes. */
  first: boolean
}

type Shape4D = [number, number, number, number]
type Shape5D = [number, number, number, number, number]
type Triple = [number, number, number]

function convolutionOf(
  x: readonly number[],
  filter: readonly number[],
  attributes: KernelAttributes,
  depthwise = false,
): Convolution {
  const { strides, dilations, pad, dimRoundingMode, dataFormat } = attributes
  const apart = (dilations ?? 1) as number
  if (x.length === 5) {
    const info = backend_util.computeConv3DInfo(
      x as Shape5D,
      filter as Shape5D,
      strides as unknown as Triple,
      apart,
      pad as 'same',
    )
    return { slides: slidesOf(info), first: false }
  }
  const format = backend_util.convertConv2DDataFormat((dataFormat ?? 'NHWC') as 'NHWC')
  const rounding = dimRoundingMode as 'floor' | undefined
  const info = backend_util.computeConv2DInfo(
    x as Shape4D,
    filter as Shape4D,
    strides as number,
    apart,
    pad as 'same',
    rounding,
    depthwise,
    format,
  )
  return { slides: slidesOf(info), first: format === 'channelsFirst' }
}

const asFirst = (build: GraphBuilder, x: Value, { first }: Convolution) => (first ? x : channelsFirst(build, x))
const asGiven = (build: GraphBuilder, x: Value, { first }: Convolution) => (first ? x : channelsLast(build, x))
const asLast = (build: GraphBuilder, x: Value, { first }: Convolution) => (first ? channelsLast(build, x) : x)

const spatialAxes = (rank: number) => Array.from({ length: rank - 2 }, (_, i) => i)

/** A filter [...window, in, out] as [out, in, ...window]. */
const filterFirst = (build: GraphBuilder, filter: Value): Value => {
  const rank = filter.shape.length
  return build.add('Transpose', [filter], { order: [rank - 1, rank - 2, ...spatialAxes(rank)] })
}

const convolve = (build: GraphBuilder, x: Value, filter: Value, slides: readonly Slide[], group = 1): Value =>
  build.add('Conv', [x, filter], { ...slidingAttributes(slides), group })

const convolution: KernelRule = (build, { x, filter }, attributes) => {
  const how = convolutionOf(x!.shape, filter!.shape, attributes)
  return asGiven(build, convolve(build, asFirst(build, x!, how), filterFirst(build, filter!), how.slides), how)
}

const inputGradient: KernelRule = (build, { dy, filter }, attributes) => {
  const how = convolutionOf(integers(attributes.inputShape), filter!.shape, attributes)
  const rows = asFirst(build, dy!, how)
  return asGiven(build, convolveBack(build, rows, filterFirst(build, filter!), how.slides), how)
}

/**
 * d x of a convolution, from `dy` and `filter` [out, in / group, ...window]. With stride 1 it is a convolution itself,
 * with the filter mirrored and its channels exchanged, for which runtimes have their fastest code.
 */
function convolveBack(build: GraphBuilder, dy: Value, filter: Value, slides: readonly Slide[], group = 1): Value {
  const reach = ({ size, dilation, before }: Slide) => (size - 1) * dilation - before
  if (group === 1 && slides.every(slide => slide.stride === 1 && reach(slide) >= 0)) {
    const window = filter.shape.map((_, axis) => axis >= 2)
    const mirrored = build.add('Slice', [filter], {
      starts: filter.shape.map((size, axis) => (window[axis] ? size - 1 : 0)),
      sizes: filter.shape,
      steps: window.map(mirror => (mirror ? -1 : 1)),
    })
    const order = filter.shape.map((_, axis) => (axis < 2 ? 1 - axis : axis))
    const back = slides.map(slide => {
      const before = reach(slide)
      return { ...slide, before, after: slide.length - slide.places + slide.before }
    })
    if (back.every(({ after }) => after >= 0)) {
      return convolve(build, dy, build.add('Transpose', [mirrored], { order }), back)
    }
  }
  // What the forward window never reached, at the end of an axis, gets a gradient of zero: `extra`.
  const extra = slides.map(({ length, size, stride, dilation, before, places }) =>
    Math.max(0, before + length - ((places - 1) * stride + (size - 1) * dilation + 1)),
  )
  return build.add('ConvTranspose', [dy, filter], { ...slidingAttributes(slides), extra, group })
}

/** Fewer channels than this make thin matrix products. */
const fewChannels = 8

/**
 * d filter: for each element of the window, what it saw [in, places] times dy [places, out]. One product each is fastest
 * on a CPU where there are enough channels; else a single one, over views stacked as rows.
 */
const filterGradient: KernelRule = (build, { x, dy }, attributes) => {
  const shape = integers(attributes.filterShape)
  const how = convolutionOf(x!.shape, shape, attributes)
  const last = asLast(build, dy!, how)
  const out = last.shape.at(-1)!
  const places = sizeOf(last.shape) / out
  const columns = build.reshape(last, [places, out])
  const channels = shape.at(-2)!
  const rank = x!.shape.length
  if (channels >= fewChannels) {
    const seen = allViews(build, asLast(build, x!, how), how.slides, 1)
    const products = seen.map(view =>
      build.add('MatMul', [build.reshape(view, [places, channels]), columns], { transposeA: true, transposeB: false }),
    )
    return build.reshape(concat(build, products), shape)
  }
  const order = [rank - 1, 0, ...spatialAxes(rank).map(axis => axis + 1)]
  const rows = build.add('Transpose', [asLast(build, x!, how)], { order })
  const seen = concat(build, allViews(build, rows, how.slides, 2))
  const stacked = build.reshape(seen, [sizeOf(shape) / out, places])
  return build.reshape(build.add('MatMul', [stacked, columns], { transposeA: false, transposeB: false }), shape)
}

const concat = (build: GraphBuilder, parts: readonly Value[]): Value =>
  parts.length === 1 ? parts[0]! : build.add('Concat', parts, { axis: 0 })

/** What each element of the window sees at all its places, in row-major order; the first spatial axis is `from`. */
function allViews(build: GraphBuilder, x: Value, slides: readonly Slide[], from: number): Value[] {
  const padded = slides.reduce((value, { before, after }, i) => padAlong(build, value, from + i, before, after), x)
  const bare = slides.map(slide => ({ ...slide, before: 0, after: 0 }))
  return bare.reduce<Value[]>((parts, slide, i) => parts.flatMap(part => views(build, part, from + i, slide)), [padded])
}

/** A filter [...window, in, multiplier] as [in x multiplier, 1, ...window], one group for each input channel. */
function depthwiseFilter(build: GraphBuilder, filter: Value): Value {
  const [rows, columns, channels, multiplier] = filter.shape as Shape4D
  const moved = build.add('Transpose', [filter], { order: [2, 3, 0, 1] })
  return build.reshape(moved, [channels * multiplier, 1, rows, columns])
}

const depthwise: KernelRule = (build, { x, filter }, attributes) => {
  const how = convolutionOf(x!.shape, filter!.shape, attributes, true)
  const rows = convolve(build, asFirst(build, x!, how), depthwiseFilter(build, filter!), how.slides, filter!.shape[2]!)
  return asGiven(build, rows, how)
}

const depthwiseInputGradient: KernelRule = (build, { dy, filter }, attributes) => {
  const how = convolutionOf(integers(attributes.inputShape), filter!.shape, attributes, true)
  const rows = asFirst(build, dy!, how)
  return asGiven(build, convolveBack(build, rows, depthwiseFilter(build, filter!), how.slides, filter!.shape[2]!), how)
}

const depthwiseFilterGradient: KernelRule = (build, { x, dy }, attributes) => {
  const shape = integers(attributes.filterShape)
  const how = convolutionOf(x!.shape, shape, attributes, true)
  const [channels, multiplier] = shape.slice(2) as [number, number]
  const last = asLast(build, dy!, how)
  const places = sizeOf(last.shape) / (channels * multiplier)
  const gradients = build.reshape(last, [places, channels, multiplier])
  const sums = allViews(build, asLast(build, x!, how), how.slides, 1).map(view => {
    const product = build.add('Mul', [build.reshape(view, [places, channels, 1]), gradients])
    return build.add('ReduceSum', [product], { axes: [0], keepDims: false })
  })
  return build.reshape(concat(build, sums), shape)
}

const fused =
  (rule: KernelRule): KernelRule =>
  (build, inputs, attributes) =>
    finish(build, rule(build, inputs, attributes) as Value, inputs, attributes)

export const convolutionKernels: KernelRules = {
  Conv2D: convolution,
  Conv2DBackpropFilter: filterGradient,
  Conv2DBackpropInput: inputGradient,
  Conv3D: convolution,
  Conv3DBackpropFilterV2: filterGradient,
  Conv3DBackpropInputV2: inputGradient,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
  FusedConv2D: fused(convolution),
  FusedDepthwiseConv2D: fused(depthwise),
}
