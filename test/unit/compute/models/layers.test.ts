import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import test from 'ava'
import { registerGradients } from '../../../../src/compute/engine/tfjs-gradients.ts'
import { crossEntropy, gelu, layerNorm } from '../../../../src/compute/models/layers.ts'
import { random } from '../../../../src/core/random.ts'

test.before(async () => {
  await registerGradients()
  await tf.setBackend('cpu')
})

const r = random('layers')
const normals = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => r.normal()),
    shape,
  )

function close(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5): boolean {
  return tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]! <= tolerance * tf.max(tf.abs(expected)).dataSync()[0]!
}

/** Gradients of a weighted sum of both versions agree: the hand-written one and the one tfjs derives. */
function sameGradients(t: { true(value: boolean): void }, inputs: tf.Tensor[], a: Layer, b: Layer): void {
  const weights = normals(a(...inputs).shape)
  const gradients = (layer: Layer) => tf.grads((...xs) => tf.sum(tf.mul(layer(...xs), weights)))(inputs)
  const expected = gradients(b)
  for (const [i, gradient] of gradients(a).entries()) t.true(close(gradient, expected[i]!))
}

type Layer = (...xs: tf.Tensor[]) => tf.Tensor

test('gelu is the tanh approximation, and so is its gradient', t => {
  const plain: Layer = x => {
    const u = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x!, tf.mul(0.044715, tf.pow(x!, 3))))
    return tf.mul(tf.mul(0.5, x!), tf.add(1, tf.tanh(u)))
  }
  const x = tf.mul(normals([5, 6]), 3)
  t.true(close(gelu(x), plain(x)))
  sameGradients(t, [x], x => gelu(x!), plain)
})

test('layerNorm normalises rows, with the gradient that tfjs derives', t => {
  const plain: Layer = (x, gain, bias) => {
    const { mean, variance } = tf.moments(x!, -1, true)
    return tf.add(tf.mul(tf.div(tf.sub(x!, mean), tf.sqrt(tf.add(variance, 1e-5))), gain!), bias!)
  }
  const inputs = [tf.add(tf.mul(normals([4, 9]), 2), 3), normals([9]), normals([9])]
  t.true(close(layerNorm(inputs[0]!, inputs[1]!, inputs[2]!), plain(...inputs)))
  sameGradients(t, inputs, (x, gain, bias) => layerNorm(x!, gain!, bias!), plain)
})

test('crossEntropy is the mean of -log softmax at the targets, and survives large logits', t => {
  const logits = [
    [1, 2, 3],
    [1000, 0, -1000],
  ]
  const targets = [0, 1]
  const expected = (Math.log(1 + Math.E + Math.E ** 2) + 1000) / 2
  t.true(Math.abs(crossEntropy(tf.tensor2d(logits), tf.tensor1d(targets, 'int32')).dataSync()[0]! - expected) < 1e-3)
})
