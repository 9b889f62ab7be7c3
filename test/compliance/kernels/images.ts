import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { between, type KernelCase, normals } from './case.ts'

type Size = [number, number]

export function images(r: Random): KernelCase[] {
  const [batch, channels] = [2, between(r, 1, 3)]
  const sizes: Size[] = [
    [7, 9],
    [2, 3],
    [6, 6],
    [1, 1],
  ]
  const sides: Size[] = [
    [4, 4],
    [3, 5],
  ]
  return [
    ...sides.flatMap(side =>
      sizes.flatMap(size =>
        (
          [
            [false, false],
            [true, false],
            [false, true],
          ] as const
        ).flatMap(([align, half]): KernelCase[] => {
          const title = `[${side}] to [${size}], aligned ${align}, half pixels ${half}`
          const input = () => normals(r, [batch, ...side, channels])
          // tfjs's gradients leave half pixels out, exchange the sides of an image and divide by zero.
          const gradient = half || side[0] !== side[1] || size[0] === 1 ? 'exact' : 'tfjs'
          return [
            {
              title: `resizeBilinear ${title}`,
              inputs: { x: input() },
              run: ({ x }) => tf.image.resizeBilinear(x as tf.Tensor4D, size, align, half),
              gradient,
            },
            {
              title: `resizeNearestNeighbor ${title}`,
              inputs: { x: input() },
              run: ({ x }) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, size, align, half),
              gradient: 'exact', // that of tfjs's CPU backend is wrong, and NaN where the image shrinks
            },
          ]
        }),
      ),
    ),
    ...[1, 2].map(
      (radius): KernelCase => ({
        title: `localResponseNormalization, radius ${radius}`,
        inputs: { x: normals(r, [2, 2, 3, 6]) },
        run: ({ x }) => tf.localResponseNormalization(x as tf.Tensor4D, radius, 1.2, 0.7, 0.6),
      }),
    ),
  ]
}
