import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { between, type KernelCase, normals, pick } from './case.ts'

type Padding = 'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]]

const paddings = (r: Random): Padding[] => [
  'same',
  'valid',
  between(r, 1, 2),
  [
    [0, 0],
    [between(r, 0, 2), between(r, 0, 2)],
    [between(r, 0, 2), between(r, 0, 2)],
    [0, 0],
  ],
]

export function convolutions(r: Random): KernelCase[] {
  const cases: KernelCase[] = []
  for (const pad of paddings(r)) {
    for (const stride of [1, 2]) {
      const inputs = () => {
        const [channels, out] = [pick(r, 1, 3, 8), between(r, 1, 5)]
        const filter = [between(r, 1, 3), between(r, 2, 3), channels, out]
        return {
          x: normals(r, [between(r, 1, 2), between(r, 5, 7), between(r, 5, 7), channels]),
          filter: normals(r, filter),
        }
      }
      const title = `stride ${stride}, padding ${pad}`
      cases.push({
        title: `conv2d, ${title}`,
        inputs: inputs(),
        run: ({ x, filter }) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad),
      })
      cases.push({
        title: `depthwiseConv2d, ${title}`,
        inputs: inputs(),
        run: ({ x, filter }) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad as 'same'),
      })
    }
  }
  return [
    ...cases,
    {
      title: 'conv2d, dilated',
      inputs: { x: normals(r, [1, 7, 8, 2]), filter: normals(r, [2, 3, 2, 4]) },
      run: ({ x, filter }) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same', 'NHWC', [2, 1]),
      gradient: 'none',
    },
    {
      title: 'depthwiseConv2d, dilated',
      inputs: { x: normals(r, [1, 7, 8, 2]), filter: normals(r, [2, 3, 2, 2]) },
      run: ({ x, filter }) => tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid', 'NHWC', [2, 2]),
      gradient: 'none',
    },
    {
      title: 'conv2d, channels first',
      inputs: { x: normals(r, [2, 3, 6, 5]), filter: normals(r, [3, 3, 3, 4]) },
      run: ({ x, filter }) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same', 'NCHW'),
    },
    {
      title: 'conv1d',
      inputs: { x: normals(r, [2, between(r, 5, 9), 3]), filter: normals(r, [3, 3, 4]) },
      run: ({ x, filter }) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 1, 'same'),
    },
    ...[1, 2, 3].map(
      (stride): KernelCase => ({
        title: `conv2dTranspose, stride ${stride}`,
        inputs: { x: normals(r, [2, 3, 4, 3]), filter: normals(r, [3, 3, 2, 3]) },
        run: ({ x, filter }) =>
          tf.conv2dTranspose(x as tf.Tensor4D, filter as tf.Tensor4D, [2, 3 * stride, 4 * stride, 2], stride, 'same'),
      }),
    ),
    {
      title: 'separableConv2d',
      inputs: { x: normals(r, [1, 5, 5, 3]), depth: normals(r, [3, 3, 3, 2]), point: normals(r, [1, 1, 6, 4]) },
      run: ({ x, depth, point }) =>
        tf.separableConv2d(x as tf.Tensor4D, depth as tf.Tensor4D, point as tf.Tensor4D, 1, 'same'),
    },
    ...(['same', 'valid'] as const).flatMap(pad =>
      [1, 2].map(
        (stride): KernelCase => ({
          title: `conv3d, stride ${stride}, padding ${pad}`,
          inputs: { x: normals(r, [1, 4, 5, 4, 2]), filter: normals(r, [2, 3, 2, 2, 3]) },
          run: ({ x, filter }) => tf.conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, stride, pad),
        }),
      ),
    ),
    {
      title: 'conv3dTranspose',
      inputs: { x: normals(r, [1, 2, 3, 2, 3]), filter: normals(r, [2, 3, 2, 2, 3]) },
      run: ({ x, filter }) => tf.conv3dTranspose(x as tf.Tensor5D, filter as tf.Tensor5D, [1, 4, 6, 4, 2], 2, 'same'),
      gradient: 'none',
    },
    ...(['relu', 'sigmoid', 'leakyrelu', 'prelu', 'elu', 'relu6', 'linear'] as const).flatMap(
      (activation): KernelCase[] => {
        const bias = normals(r, [4])
        const alpha = normals(r, [4])
        const rest = (tensors: Readonly<Record<string, tf.Tensor>>) => ({
          bias: tensors.bias!,
          activation,
          leakyreluAlpha: 0.3,
          ...(activation === 'prelu' && { preluActivationWeights: tensors.alpha! }),
        })
        return [
          {
            title: `fused conv2d, ${activation}`,
            inputs: { x: normals(r, [1, 4, 5, 3]), filter: normals(r, [3, 3, 3, 4]), bias, alpha },
            run: ({ x, filter, ...others }) =>
              tf.fused.conv2d({
                x: x as tf.Tensor4D,
                filter: filter as tf.Tensor4D,
                strides: 1,
                pad: 'same',
                ...rest(others),
              }),
            gradient: 'none',
          },
          {
            title: `fused depthwiseConv2d, ${activation}`,
            inputs: { x: normals(r, [1, 4, 5, 2]), filter: normals(r, [3, 3, 2, 2]), bias, alpha },
            run: ({ x, filter, ...others }) =>
              tf.fused.depthwiseConv2d({
                x: x as tf.Tensor4D,
                filter: filter as tf.Tensor4D,
                strides: 1,
                pad: 'same',
                ...rest(others),
              }),
            gradient: 'none',
          },
          {
            title: `fused matMul, ${activation}`,
            inputs: { a: normals(r, [3, 5]), b: normals(r, [4, 5]), bias, alpha },
            run: ({ a, b, ...others }) => tf.fused.matMul({ a: a!, b: b!, transposeB: true, ...rest(others) }),
            gradient: 'none',
          },
        ]
      },
    ),
  ]
}
