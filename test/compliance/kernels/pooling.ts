import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { apart, between, type KernelCase, normals } from './case.ts'

export function pooling(r: Random): KernelCase[] {
  const cases: KernelCase[] = []
  for (const pad of ['same', 'valid', 1] as const) {
    for (const [size, stride] of [
      [2, 2],
      [3, 2],
      [3, 1],
      [2, 3],
      [
        [2, 3],
        [3, 1],
      ],
    ] as const) {
      const window = size as number
      const steps = stride as number
      const title = `window ${size}, stride ${stride}, padding ${pad}`
      const shape = [between(r, 1, 2), between(r, 6, 8), between(r, 6, 8), between(r, 1, 3)]
      cases.push(
        {
          title: `maxPool, ${title}`,
          inputs: { x: apart(r, shape) },
          run: ({ x }) => tf.maxPool(x as tf.Tensor4D, window, steps, pad),
        },
        {
          title: `avgPool, ${title}`,
          inputs: { x: normals(r, shape) },
          run: ({ x }) => tf.avgPool(x as tf.Tensor4D, window, steps, pad),
          // tfjs divides the gradient by the whole window, padding included.
          gradient: pad === 'valid' ? 'tfjs' : 'exact',
        },
      )
    }
  }
  return [
    ...cases,
    {
      title: 'maxPool, with equals in a window',
      inputs: { x: { shape: [1, 4, 4, 1], values: Float32Array.of(1, 1, 0, 2, 1, 0, 2, 2, 3, 3, 0, 0, 0, 3, 0, 0) } },
      run: ({ x }) => tf.grad(y => tf.maxPool(y as tf.Tensor4D, 3, 1, 'same'))(x!),
      gradient: 'none',
    },
    {
      title: 'globalMaxPool',
      inputs: { x: apart(r, [2, 3, 4, 2]) },
      run: ({ x }) => tf.max(x!, [1, 2]),
    },
    ...(['same', 'valid'] as const).flatMap((pad): KernelCase[] => [
      {
        title: `maxPool3d, padding ${pad}`,
        inputs: { x: apart(r, [1, 4, 5, 4, 2]) },
        run: ({ x }) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, pad),
      },
      {
        title: `avgPool3d, padding ${pad}`,
        inputs: { x: normals(r, [1, 4, 5, 4, 2]) },
        run: ({ x }) => tf.avgPool3d(x as tf.Tensor5D, [2, 3, 2], 2, pad),
        gradient: pad === 'valid' ? 'tfjs' : 'exact',
      },
    ]),
  ]
}
