import * as tf from '@tensorflow/tfjs-core'
import { classifier, denseLayers } from './classifier.ts'
import { heParameters } from './initialize.ts'
import type { Model, ModelParameter } from './model.ts'

export interface CnnInit {
  /** Rows, columns and channels of an image. Each must be >= 1. */
  shape: readonly [number, number, number]
  /** Output channels of the convolutions, first to last; after each, the image is halved. At least one, each >= 1. */
  channels: readonly number[]
  /** Side of the square kernels, in pixels. Must be >= 1. */
  kernel: number
  /** Sizes of the dense layers before the last; may be empty. Each must be >= 1. */
  hidden: readonly number[]
  /** Targets are in [0, classes). Must be >= 1. */
  classes: number
}

/**
 * A convolutional network that classifies images, as LeNet-5 (LeCun et al. 1998) with ReLU: convolutions that keep the
 * image's size, each followed by a rectifier and the maximum of every 2 by 2 pixels, then dense layers. Batches hold
 * `inputs`, float32 [batch, rows, columns, channels], and `targets`, int32 [batch].
 */
export function cnn(init: CnnInit): Model {
  for (const size of [...init.shape, ...init.channels, init.kernel, ...init.hidden, init.classes]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new TypeError(`Expected every size of the cnn to be an integer >= 1, got ${size}`)
    }
  }
  const [rows, columns] = init.shape
  const most = Math.floor(Math.log2(Math.min(rows, columns)))
  if (init.channels.length < 1 || init.channels.length > most) {
    throw new TypeError(
      `Expected \`channels\` to list 1 to ${most} convolutions, each of which halves an image of ${rows} by ${columns} pixels, got ${init.channels.length}`,
    )
  }
  return classifier({
    shape: init.shape,
    parameters: cnnParameters(init),
    logits(p, images) {
      let x = images as tf.Tensor4D
      for (const i of init.channels.keys()) {
        const convolved = tf.conv2d(x, p[`convolutions.${i}.weight`] as tf.Tensor4D, 1, 'same')
        x = tf.maxPool(tf.relu(tf.add(convolved, p[`convolutions.${i}.bias`]!)), 2, 2, 'valid') as tf.Tensor4D
      }
      return denseLayers(p, tf.reshape(x, [images.shape[0]!, -1]), init.hidden.length + 1)
    },
  })
}

function cnnParameters({ shape, channels, kernel, hidden, classes }: CnnInit): ModelParameter[] {
  const [rows, columns, colours] = shape
  const depths = [colours, ...channels]
  const halved = (size: number) => Math.floor(size / 2 ** channels.length)
  const sizes = [halved(rows) * halved(columns) * depths.at(-1)!, ...hidden, classes]
  return [
    ...channels.flatMap((to, i) => heParameters(`convolutions.${i}`, [kernel, kernel, depths[i]!, to], i)),
    ...sizes.slice(1).flatMap((to, i) => heParameters(`layers.${i}`, [sizes[i]!, to], channels.length + i)),
  ]
}
