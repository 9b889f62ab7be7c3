import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { integers, type KernelAttributes, type KernelRule, type KernelRules, listOf, scalarLike } from './rule.ts'
import { views } from './window.ts'

/** For each place along a resized axis, which places it was made of, and the share of each. */
type Sampling = (place: number, ratio: number, length: number, attributes: KernelAttributes) => readonly Share[]

interface Share {
  from: number
  share: number
}

const bilinear: Sampling = (place, ratio, length, { halfPixelCenters }) => {
  const at = halfPixelCenters ? ratio * (place + 0.5) - 0.5 : ratio * place
  const low = Math.max(0, Math.floor(at))
  const high = Math.min(length - 1, Math.ceil(at))
  const share = at - low
  return [
    { from: low, share: 1 - share },
    { from: high, share },
  ]
}

const nearest: Sampling = (place, ratio, length, { alignCorners, halfPixelCenters }) => {
  const at = halfPixelCenters ? ratio * (place + 0.5) : ratio * place
  const rounded = alignCorners ? Math.round(at) : Math.floor(at)
  return [{ from: Math.max(0, Math.min(length - 1, rounded)), share: 1 }]
}

/** Resizing along one axis is a linear map: this is its matrix [to, from]. */
function resizing(
  build: GraphBuilder,
  sampling: Sampling,
  from: number,
  to: number,
  attributes: KernelAttributes,
): Value {
  const aligned = attributes.alignCorners && to > 1
  const ratio = aligned ? (from - 1) / (to - 1) : from / to
  const matrix = new Float32Array(to * from)
  for (let place = 0; place < to; place++) {
    for (const { from: source, share } of sampling(place, ratio, from, attributes)) {
      matrix[place * from + source]! += share
    }
  }
  return listOf(build, matrix, [to, from])
}

/** Multiplies the rows, then the columns of [batch, height, width, channels] with matrices. */
function alongBoth(build: GraphBuilder, x: Value, rows: Value, columns: Value, transposed: boolean): Value {
  const [batch, height, width, channels] = x.shape as [number, number, number, number]
  const [first, second] = [rows, columns].map(matrix => matrix.shape[transposed ? 1 : 0]!) as [number, number]
  const product = (matrix: Value, value: Value) =>
    build.add('MatMul', [matrix, value], { transposeA: transposed, transposeB: false })
  const byRow = build.reshape(product(rows, build.reshape(x, [batch, height, width * channels])), [
    batch * first,
    width,
    channels,
  ])
  return build.reshape(product(columns, byRow), [batch, first, second, channels])
}

const resize =
  (sampling: Sampling): KernelRule =>
  (build, { images }, attributes) => {
    const [height, width] = integers(attributes.size) as [number, number]
    const [rows, columns] = [
      resizing(build, sampling, images!.shape[1]!, height, attributes),
      resizing(build, sampling, images!.shape[2]!, width, attributes),
    ]
    return alongBoth(build, images!, rows, columns, false)
  }

const resizeGradient =
  (sampling: Sampling): KernelRule =>
  (build, { images, dy }, attributes) => {
    const [rows, columns] = [
      resizing(build, sampling, images!.shape[1]!, dy!.shape[1]!, attributes),
      resizing(build, sampling, images!.shape[2]!, dy!.shape[2]!, attributes),
    ]
    return alongBoth(build, dy!, rows, columns, true)
  }

/** Sums over `depthRadius` channels on both sides. */
function aroundChannels(build: GraphBuilder, x: Value, radius: number): Value {
  const length = x.shape[3]!
  const slide = { length, size: 2 * radius + 1, stride: 1, dilation: 1, before: radius, after: radius, places: length }
  return views(build, x, 3, slide).reduce((sum, each) => build.add('Add', [sum, each]))
}

/** bias + alpha x sum of squares of the channels around, of local response normalisation (Krizhevsky et al. 2012). */
function localNorm(build: GraphBuilder, x: Value, { depthRadius, bias, alpha }: KernelAttributes): Value {
  const sum = aroundChannels(build, build.add('Mul', [x, x]), Number(depthRadius))
  const scaled = build.add('Mul', [sum, scalarLike(build, Number(alpha), x)])
  return build.add('Add', [scaled, scalarLike(build, Number(bias), x)])
}

export const imageKernels: KernelRules = {
  LRN: (build, { x }, attributes) => {
    const power = scalarLike(build, -Number(attributes.beta), x!)
    return build.add('Mul', [x!, build.add('Pow', [localNorm(build, x!, attributes), power])])
  },
  LRNGrad: (build, { x, y, dy }, attributes) => {
    const { depthRadius, alpha, beta } = attributes
    const norm = localNorm(build, x!, attributes)
    const direct = build.add('Mul', [dy!, build.add('Pow', [norm, scalarLike(build, -Number(beta), x!)])])
    const shares = aroundChannels(build, build.add('Div', [build.add('Mul', [dy!, y!]), norm]), Number(depthRadius))
    const factor = scalarLike(build, 2 * Number(alpha) * Number(beta), x!)
    return build.add('Sub', [direct, build.add('Mul', [build.add('Mul', [x!, factor]), shares])])
  },
  ResizeBilinear: resize(bilinear),
  ResizeBilinearGrad: resizeGradient(bilinear),
  ResizeNearestNeighbor: resize(nearest),
  ResizeNearestNeighborGrad: resizeGradient(nearest),
}
