import * as tf from '@tensorflow/tfjs-core'
import type { Random } from '../../../src/core/random.ts'
import { between, type KernelCase, normals } from './case.ts'

type Run = (x: tf.Tensor) => tf.Tensor | tf.Tensor[]

export function shaping(r: Random): KernelCase[] {
  const [rows, columns, depth] = [between(r, 2, 4), between(r, 3, 5), between(r, 2, 3)]
  const of = (title: string, run: Run, shape: readonly number[] = [rows, columns]): KernelCase => ({
    title,
    inputs: { x: normals(r, shape) },
    run: ({ x }) => run(x!),
  })
  const flat = (each: KernelCase): KernelCase => ({ ...each, gradient: 'none' })
  return [
    of('transpose', x => tf.transpose(x, [2, 0, 1]), [rows, columns, depth]),
    of('reshape', x => tf.reshape(x, [2, -1]), [rows, 2 * columns]),
    of('expandDims', x => tf.expandDims(x, 1)),
    of('concat', x => tf.concat([x, tf.square(x)], 1)),
    of('stack', x => tf.stack([x, tf.exp(x)], -1)),
    of('unstack', x => tf.unstack(x, 1)),
    of('split by sizes', x => tf.split(x, [1, -1], 1)),
    of('split in equal parts', x => tf.split(x, 2, 1), [rows, 4]),
    of('slice', x => tf.slice(x, [1, 0], [-1, 2])),
    flat(of('stridedSlice', x => tf.stridedSlice(x, [0, 1], [rows, columns], [1, 2]))),
    flat(of('stridedSlice backwards', x => tf.stridedSlice(x, [-1, -1], [0, 0], [-1, -2], 2, 3))),
    flat(of('stridedSlice, masks', x => tf.stridedSlice(x, [1, 0], [2, 1], [1, 1], 0, 0, 0, 0, 1))),
    flat(of('stridedSlice, new axis', x => tf.stridedSlice(x, [0, 0, 1], [1, rows, 3], [1, 1, 1], 0, 0, 0, 1))),
    of('pad', x =>
      tf.pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        0.5,
      ),
    ),
    // The gradient of tfjs forgets the mirror images.
    flat(
      of('mirrorPad reflect', x =>
        tf.mirrorPad(
          x,
          [
            [1, 1],
            [0, 2],
          ],
          'reflect',
        ),
      ),
    ),
    flat(
      of('mirrorPad symmetric', x =>
        tf.mirrorPad(
          x,
          [
            [1, 2],
            [0, 2],
          ],
          'symmetric',
        ),
      ),
    ),
    of('tile', x => tf.tile(x, [2, 3])),
    of('tile of a column', x => tf.tile(x, [1, 3]), [rows, 1]),
    of('broadcastTo', x => tf.broadcastTo(x, [rows, columns]), [columns]),
    of('broadcastTo of a column', x => tf.broadcastTo(x, [rows, columns]), [rows, 1]),
    of('reverse', x => tf.reverse(x, 1)),
    of('fill', x => tf.add(x, tf.fill([rows, columns], 2))),
    of('range', x => tf.mul(x, tf.range(0, columns))),
    flat(of('range backwards', x => tf.add(tf.cast(x, 'int32'), tf.range(8, 0, -2, 'int32')), [rows, 4])),
    of('linspace', x => tf.mul(x, tf.linspace(-1, 2, columns))),
    of(
      'spaceToBatchND',
      x =>
        tf.spaceToBatchND(
          x,
          [2, 3],
          [
            [0, 2],
            [1, 2],
          ],
        ),
      [2, 4, 3, 2],
    ),
    of(
      'batchToSpaceND',
      x =>
        tf.batchToSpaceND(
          x,
          [2, 2],
          [
            [1, 0],
            [0, 1],
          ],
        ),
      [8, 2, 3, 2],
    ),
    flat(of('depthToSpace', x => tf.depthToSpace(x as tf.Tensor4D, 2), [2, 3, 2, 8])),
    flat(of('diag', x => tf.diag(x), [columns])),
    flat(of('diag of a matrix', x => tf.diag(x), [2, 3])),
    of('eye', x => tf.add(x, tf.eye(rows, columns))),
    flat(of('bandPart', x => tf.linalg.bandPart(x, 1, 0))),
    flat(of('flipLeftRight', x => tf.image.flipLeftRight(x as tf.Tensor4D), [1, 2, 3, 2])),
  ]
}
