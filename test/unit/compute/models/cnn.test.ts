import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import test from 'ava'
import { cnn } from '../../../../src/compute/models/cnn.ts'
import { random } from '../../../../src/core/random.ts'

const small = { shape: [5, 4, 2], channels: [3], kernel: 3, hidden: [6], classes: 2 } as const

test('each convolution halves the image, rounding down; what is left goes to the dense layers', t => {
  t.deepEqual(
    cnn({ ...small, shape: [9, 8, 1], channels: [3, 4] }).parameters.map(({ name, shape, group }) => [
      name,
      shape,
      group,
    ]),
    [
      ['convolutions.0.weight', [3, 3, 1, 3], 0],
      ['convolutions.0.bias', [3], 0],
      ['convolutions.1.weight', [3, 3, 3, 4], 1],
      ['convolutions.1.bias', [4], 1],
      ['layers.0.weight', [2 * 2 * 4, 6], 2],
      ['layers.0.bias', [6], 2],
      ['layers.1.weight', [6, 2], 3],
      ['layers.1.bias', [2], 3],
    ],
  )
})

test('initial kernels keep the variance of what passes through rectifiers', t => {
  const [kernel] = cnn({ ...small, channels: [64], kernel: 4 }).parameters
  const values = new Float32Array(4 * 4 * 2 * 64)
  kernel!.initialize(values, random('cnn'))
  const deviation = Math.hypot(...values) / Math.sqrt(values.length)
  t.true(Math.abs(deviation / Math.sqrt(2 / (4 * 4 * 2)) - 1) < 0.05)
})

test('the loss is that of a rectified convolution, the largest of four pixels and a dense layer', async t => {
  await tf.setBackend('cpu')
  const model = cnn({ shape: [2, 2, 1], channels: [1], kernel: 1, hidden: [], classes: 2 })
  const p = {
    'convolutions.0.weight': tf.tensor4d([2], [1, 1, 1, 1]),
    'convolutions.0.bias': tf.tensor1d([-1]),
    'layers.0.weight': tf.tensor2d([[1, 0]]),
    'layers.0.bias': tf.tensor1d([0, 0]),
  }
  const batch = { inputs: tf.tensor4d([0, 0.2, 1, 0.4], [1, 2, 2, 1]), targets: tf.tensor1d([1], 'int32') }
  // relu(2 * 1 - 1) = 1 is the largest; -log softmax([1, 0])[1] = log(1 + e).
  t.true(Math.abs(model.loss(p, batch).dataSync()[0]! - Math.log(1 + Math.E)) < 1e-6)
  const { loss, accuracy } = model.evaluate(p, batch)
  t.is(loss.dataSync()[0], model.loss(p, batch).dataSync()[0])
  t.is(accuracy!.dataSync()[0], 0)
  t.is(model.tokens(7), 7)
})

test('sizes are validated, and that the image can be halved as often', t => {
  t.throws(() => cnn({ ...small, kernel: 0 }), {
    message: 'Expected every size of the cnn to be an integer >= 1, got 0',
  })
  t.notThrows(() => cnn({ ...small, channels: [1, 1] }))
  t.throws(() => cnn({ ...small, channels: [1, 1, 1] }), { message: /1 to 2 convolutions.* 5 by 4 pixels, got 3/ })
  t.throws(() => cnn({ ...small, channels: [] }), { message: /got 0/ })
})
