import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { apart, between, integers, type KernelCase, normals, uniforms } from './case.ts'

export function reductions(r: Random): KernelCase[] {
  const shape = [between(r, 2, 3), between(r, 2, 4), between(r, 2, 3)]
  const whole = integers(r, shape, 7)
  return [undefined, 0, -1, [0, 2]].flatMap(axis =>
    [false, true].flatMap((keep): KernelCase[] => {
      const single = typeof axis === 'object' ? undefined : axis
      const of = (
        title: string,
        run: (x: tf.Tensor) => tf.Tensor,
        gradient: KernelCase['gradient'] = 'tfjs',
      ): KernelCase => ({
        title: `${title}, axis ${axis}`,
        inputs: { x: title === 'prod' ? uniforms(r, shape, 0.5, 1.5) : apart(r, shape) },
        run: ({ x }) => run(x!),
        gradient,
      })
      return [
        of('sum', x => tf.sum(x, axis, keep)),
        of('mean', x => tf.mean(x, axis, keep)),
        of('max', x => tf.max(x, axis, keep)),
        of('min', x => tf.min(x, axis, keep)),
        of('prod', x => tf.prod(x, axis, keep), axis === 0 ? 'tfjs' : 'none'),
        of('all', x => tf.all(tf.greater(x, -1), axis, keep), 'none'),
        of('any', x => tf.any(tf.greater(x, 1), axis, keep), 'none'),
        of('argMax', x => tf.argMax(x, single), 'none'),
        of('argMin', x => tf.argMin(x, single), 'none'),
        of('logSumExp', x => tf.logSumExp(x, axis, keep)),
        of('norm', x => tf.norm(x, 'euclidean', axis, keep)),
        {
          title: `sum of integers, axis ${axis}`,
          inputs: { whole },
          run: ({ whole }) => tf.sum(whole!, axis),
          gradient: 'none',
        },
        {
          title: `sum of booleans, axis ${axis}`,
          inputs: { whole },
          run: ({ whole }) => tf.sum(tf.greater(whole!, 3), axis),
          gradient: 'none',
        },
      ]
    }),
  )
}

export function scans(r: Random): KernelCase[] {
  const shape = [between(r, 2, 3), between(r, 2, 5)]
  const of = (
    title: string,
    run: (x: tf.Tensor) => tf.Tensor | tf.Tensor[],
    gradient: KernelCase['gradient'] = 'tfjs',
  ): KernelCase => ({
    title,
    inputs: { x: normals(r, shape) },
    run: ({ x }) => run(x!),
    gradient,
  })
  return [
    ...[false, true].flatMap(exclusive =>
      [false, true].flatMap(reverse => [
        of(`cumsum, exclusive ${exclusive}, reverse ${reverse}`, x => tf.cumsum(x, 1, exclusive, reverse)),
        of(`cumprod, exclusive ${exclusive}, reverse ${reverse}`, x => tf.cumprod(x, 0, exclusive, reverse), 'none'),
      ]),
    ),
    of('softmax', x => tf.softmax(x)),
    of('logSoftmax', x => tf.logSoftmax(x)),
    {
      title: 'topk',
      inputs: { x: apart(r, [2, 6]) },
      run: ({ x }) => {
        const { values, indices } = tf.topk(x!, 3)
        return [values, indices]
      },
      gradient: 'none',
    },
    of(
      'bincount',
      x => tf.bincount(tf.cast(tf.clipByValue(tf.reshape(x, [-1]), 0, 4), 'int32') as tf.Tensor1D, tf.tensor1d([]), 4),
      'none',
    ),
    {
      title: 'denseBincount, weighted',
      inputs: { x: integers(r, [2, 5], 6), weights: uniforms(r, [2, 5], 0, 1) },
      run: ({ x, weights }) => tf.denseBincount(x as tf.Tensor2D, weights as tf.Tensor2D, 5),
      gradient: 'none',
    },
    {
      title: 'denseBincount, binary',
      inputs: { x: integers(r, [2, 5], 6) },
      run: ({ x }) => tf.denseBincount(x as tf.Tensor2D, tf.tensor2d([], [0, 5]), 5, true),
      gradient: 'none',
    },
  ]
}

export function products(r: Random): KernelCase[] {
  const [m, n, k] = [between(r, 1, 4), between(r, 2, 4), between(r, 2, 5)]
  return [
    ...[false, true].flatMap(ta =>
      [false, true].map(
        (tb): KernelCase => ({
          title: `matMul, transposed ${ta} ${tb}`,
          inputs: { a: normals(r, ta ? [2, k, m] : [2, m, k]), b: normals(r, tb ? [2, n, k] : [2, k, n]) },
          run: ({ a, b }) => tf.matMul(a!, b!, ta, tb),
        }),
      ),
    ),
    {
      title: 'matMul of a transpose',
      inputs: { a: normals(r, [m, k]), b: normals(r, [n, k]) },
      run: ({ a, b }) => tf.matMul(a!, tf.transpose(b!)),
    },
    {
      title: 'dot of vectors',
      inputs: { a: normals(r, [k]), b: normals(r, [k]) },
      run: ({ a, b }) => tf.dot(a!, b!),
    },
    ...(['ij,jk->ik', 'bij,bjk->bik', 'bij,bkj->bik', 'ij->ji', 'ij,ij->', 'i,j->ij', 'bihd,bjhd->bhij'] as const).map(
      (equation): KernelCase => {
        const sizes: Record<string, number> = { b: 2, i: m, j: k, k: n, h: 2, d: 3 }
        const [left] = equation.split('->') as [string]
        const shapes = left.split(',').map(axes => [...axes].map(axis => sizes[axis]!))
        return {
          title: `einsum ${equation}`,
          inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, normals(r, shape)])),
          run: tensors => tf.einsum(equation, ...Object.values(tensors)),
          gradient: 'none',
        }
      },
    ),
  ]
}
