import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { between, integers, type KernelCase, normals } from './case.ts'

export function indexing(r: Random): KernelCase[] {
  const [rows, columns] = [between(r, 3, 5), between(r, 2, 4)]
  const x = normals(r, [rows, columns])
  const ids = integers(r, [between(r, 4, 6)], 3)
  const count = ids.values.length
  return [
    { title: 'gather', inputs: { x, ids }, run: ({ x, ids }) => tf.gather(x!, ids!) },
    {
      title: 'gather of columns',
      inputs: { x, ids: integers(r, [2, 3], columns) },
      run: ({ x, ids }) => tf.gather(x!, ids!, 1),
      gradient: 'none', // tfjs reshapes a gradient of two axes of indices wrongly where the axis is not the first
    },
    {
      title: 'gather along columns',
      inputs: { x, ids: integers(r, [5], columns) },
      run: ({ x, ids }) => tf.gather(x!, ids!, 1),
    },
    {
      title: 'gather over a batch',
      inputs: { x: normals(r, [2, 4, 3]), ids: integers(r, [2, 5], 4) },
      run: ({ x, ids }) => tf.gather(x!, ids!, 1, 1),
    },
    {
      title: 'gather over a batch, last axis',
      inputs: { x: normals(r, [2, 3, 4]), ids: integers(r, [2, 3], 4) },
      run: ({ x, ids }) => tf.gather(x!, ids!, 2, 1),
      gradient: 'none',
    },
    {
      title: 'embedding',
      inputs: { x: normals(r, [7, 3]), ids: integers(r, [2, 4], 7) },
      run: ({ x, ids }) => tf.reshape(tf.gather(x!, tf.reshape(ids!, [-1])), [2, 4, 3]),
    },
    {
      title: 'unsortedSegmentSum',
      inputs: { x: normals(r, [count, 2]), ids },
      run: ({ x, ids }) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 4),
    },
    {
      title: 'gatherND',
      inputs: { x, ids: integers(r, [4, 2], Math.min(rows, columns)) },
      run: ({ x, ids }) => tf.gatherND(x!, ids!),
      gradient: 'none',
    },
    {
      title: 'gatherND of rows',
      inputs: { x, ids: integers(r, [2, 2, 1], rows) },
      run: ({ x, ids }) => tf.gatherND(x!, ids!),
      gradient: 'none',
    },
    {
      title: 'scatterND',
      inputs: { x: normals(r, [count, columns]), ids },
      run: ({ x, ids }) => tf.scatterND(tf.reshape(ids!, [count, 1]), x!, [4, columns]),
      gradient: 'none',
    },
    {
      title: 'scatterND of elements',
      inputs: { x: normals(r, [5]), ids: integers(r, [5, 2], 3) },
      run: ({ x, ids }) => tf.scatterND(ids!, x!, [3, 4]),
      gradient: 'none',
    },
    {
      title: 'tensorScatterUpdate',
      inputs: { x, y: normals(r, [2, columns]) },
      run: ({ x, y }) => tf.tensorScatterUpdate(x!, tf.tensor2d([[2], [0]], [2, 1], 'int32'), y!),
      gradient: 'none',
    },
    {
      title: 'sparseToDense',
      inputs: { x: normals(r, [3]) },
      run: ({ x }) => tf.sparseToDense(tf.tensor1d([4, 0, 2], 'int32'), x!, [6], tf.scalar(0.5)),
      gradient: 'none',
    },
    {
      title: 'oneHot of places outside, which mark nothing',
      inputs: { ids },
      run: ({ ids }) => tf.oneHot(tf.sub(tf.mul(ids!, tf.scalar(3, 'int32')), tf.scalar(4, 'int32')), 4),
      gradient: 'none',
    },
    { title: 'oneHot', inputs: { ids }, run: ({ ids }) => tf.oneHot(ids!, 4, 3, -1), gradient: 'none' },
    {
      title: 'confusionMatrix',
      inputs: { ids },
      run: ({ ids }) => tf.math.confusionMatrix(ids as tf.Tensor1D, tf.zerosLike(ids!) as tf.Tensor1D, 4),
      gradient: 'none',
    },
    {
      title: 'bitwiseAnd',
      inputs: { a: integers(r, [6], 1 << 20), b: integers(r, [6], 1 << 20) },
      run: ({ a, b }) => tf.bitwiseAnd(a!, b!),
      gradient: 'none',
    },
    {
      title: 'searchSorted',
      inputs: { x: normals(r, [2, 3]) },
      run: ({ x }) => {
        const sorted = tf.tensor2d([
          [-1, 0, 0.5, 1],
          [-2, -1, 0, 0.25],
        ])
        return [tf.lowerBound(sorted, x!), tf.upperBound(sorted, x!)]
      },
      gradient: 'none',
    },
  ]
}
