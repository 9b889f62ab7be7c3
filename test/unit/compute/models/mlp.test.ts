import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import test from 'ava'
import { mlp } from '../../../../src/compute/models/mlp.ts'
import { random } from '../../../../src/core/random.ts'

test('parameters are one dense layer a group', t => {
  const model = mlp({ inputs: 4, hidden: [6, 5], classes: 3 })
  t.deepEqual(
    model.parameters.map(({ name, shape, group }) => [name, shape, group]),
    [
      ['layers.0.weight', [4, 6], 0],
      ['layers.0.bias', [6], 0],
      ['layers.1.weight', [6, 5], 1],
      ['layers.1.bias', [5], 1],
      ['layers.2.weight', [5, 3], 2],
      ['layers.2.bias', [3], 2],
    ],
  )
})

test('initial weights keep the variance of what passes through rectifiers', t => {
  const [weight, bias] = mlp({ inputs: 50, hidden: [200], classes: 3 }).parameters
  const values = new Float32Array(50 * 200)
  weight!.initialize(values, random('mlp'))
  t.true(Math.abs((Math.hypot(...values) / 100) * 5 - 1) < 0.05)
  const zeros = Float32Array.of(1, 2)
  bias!.initialize(zeros, random('mlp'))
  t.deepEqual([...zeros], [0, 0])
})

test('the loss is that of rectified dense layers', async t => {
  await tf.setBackend('cpu')
  const model = mlp({ inputs: 2, hidden: [2], classes: 2 })
  const p = {
    'layers.0.weight': tf.tensor2d([
      [1, -1],
      [2, 1],
    ]),
    'layers.0.bias': tf.tensor1d([0, 0.5]),
    'layers.1.weight': tf.tensor2d([
      [1, 0],
      [0, 1],
    ]),
    'layers.1.bias': tf.tensor1d([0, 0]),
  }
  const batch = { inputs: tf.tensor2d([[1, 0]]), targets: tf.tensor1d([1], 'int32') }
  // Hidden: relu([1, -0.5]) = [1, 0]; -log softmax([1, 0])[1] = log(1 + e).
  t.true(Math.abs(model.loss(p, batch).dataSync()[0]! - Math.log(1 + Math.E)) < 1e-6)
  t.is(model.tokens(7), 7)
})

test('sizes are validated', t => {
  t.throws(() => mlp({ inputs: 4, hidden: [0], classes: 2 }), {
    message: 'Expected every size of the mlp to be an integer >= 1, got 0',
  })
})
