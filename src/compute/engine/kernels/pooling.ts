import { backend_util } from '@tensorflow/tfjs-core'
import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { type KernelAttributes, type KernelRule, type KernelRules, listOf, scalarLike } from './rule.ts'
import { overlay, type Slide, slidesOf, views } from './window.ts'

/** float32's lowest number: never above what is pooled. */
const lowest = -3.4028234663852886e38

/** Both of tfjs's ranks of pooling: [batch, (depth,) height, width, channels]. */
function poolOf(shape: readonly number[], attributes: KernelAttributes): Slide[] {
  const { filterSize, strides, pad, dimRoundingMode } = attributes
  const rounding = dimRoundingMode as 'floor' | undefined
  return slidesOf(
    shape.length === 4
      ? backend_util.computePool2DInfo(
          shape as Shape4D,
          filterSize as Pair,
          strides as Pair,
          1,
          pad as 'same',
          rounding,
        )
      : backend_util.computePool3DInfo(
          shape as Shape5D,
          filterSize as Triple,
          strides as Triple,
          1,
          pad as 'same',
          rounding,
        ),
  )
}

type Pair = [number, number]
type Triple = [number, number, number]
type Shape4D = [number, number, number, number]
type Shape5D = [number, number, number, number, number]

/** The last spatial axis first, so that rows of the window are compared before what lies in one. */
const axesLastFirst = (slides: readonly Slide[]) => slides.map((slide, i) => ({ slide, axis: i + 1 })).toReversed()

const best = (build: GraphBuilder, seen: readonly Value[]) => seen.reduce((max, each) => build.add('Max', [max, each]))

const maxPool: KernelRule = (build, { x }, attributes) =>
  axesLastFirst(poolOf(x!.shape, attributes)).reduce(
    (value, { slide, axis }) => best(build, views(build, value, axis, slide, lowest)),
    x!,
  )

/**
 * The window is a maximum of rows, which are maxima of elements: each stage passes its gradient to the first element that
 * equals the maximum. Of equals, that is the first in row-major order, as tfjs has it.
 */
const maxPoolGradient: KernelRule = (build, { dy, input }, attributes) => {
  const stages: { slide: Slide; axis: number; seen: Value[]; max: Value }[] = []
  let value = input!
  for (const { slide, axis } of axesLastFirst(poolOf(value.shape, attributes))) {
    const seen = views(build, value, axis, slide, lowest)
    value = best(build, seen)
    stages.push({ slide, axis, seen, max: value })
  }
  const zero = scalarLike(build, 0, dy!)
  return stages.toReversed().reduce((gradient, { slide, axis, seen, max }) => {
    let rest = gradient
    const parts = seen.map((each, i) => {
      if (i === seen.length - 1) return rest
      const part = build.add('Where', [build.add('Equal', [each, max]), rest, zero])
      rest = build.add('Sub', [rest, part])
      return part
    })
    return overlay(build, parts, axis, slide)
  }, dy!)
}

/** x over the number of elements in the window at each place, padding not counted. */
function overCounts(build: GraphBuilder, x: Value, slides: readonly Slide[]): Value {
  return slides.reduce((value, slide, i) => {
    const counts = Array.from({ length: slide.places }, (_, place) => countAt(slide, place))
    const factors = Float32Array.from(counts, count => 1 / count)
    const shape = value.shape.map((size, axis) => (axis === i + 1 ? size : 1))
    const uniform = factors.every(factor => factor === factors[0])
    return build.add('Mul', [value, uniform ? scalarLike(build, factors[0]!, x) : listOf(build, factors, shape)])
  }, x)
}

function countAt({ length, size, stride, dilation, before }: Slide, place: number): number {
  const seen = Array.from({ length: size }, (_, i) => place * stride + i * dilation - before)
  return seen.filter(at => at >= 0 && at < length).length
}

const averagePool: KernelRule = (build, { x }, attributes) => {
  const slides = poolOf(x!.shape, attributes)
  const sums = axesLastFirst(slides).reduce(
    (value, { slide, axis }) => views(build, value, axis, slide).reduce((sum, each) => build.add('Add', [sum, each])),
    x!,
  )
  return overCounts(build, sums, slides)
}

/** Unlike tfjs's, which divides by the size of the whole window even where part of it is padding. */
const averagePoolGradient: KernelRule = (build, { dy, input }, attributes) => {
  const slides = poolOf(input!.shape, attributes)
  return slides.reduce(
    (gradient, slide, i) => {
      const parts = Array.from({ length: slide.size }, () => gradient)
      return overlay(build, parts, i + 1, slide)
    },
    overCounts(build, dy!, slides),
  )
}

export const poolingKernels: KernelRules = {
  AvgPool: averagePool,
  AvgPool3D: averagePool,
  AvgPool3DGrad: averagePoolGradient,
  AvgPoolGrad: averagePoolGradient,
  MaxPool: maxPool,
  MaxPool3D: maxPool,
  MaxPool3DGrad: maxPoolGradient,
  MaxPoolGrad: maxPoolGradient,
}
