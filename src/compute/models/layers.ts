import * as tf from '@tensorflow/tfjs-core'
import type { Measured } from './model.ts'

/** x W + b: [n, in] x [in, out] + [out]. */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(tf.matMul(x, weight), bias)
}

const epsilon = 1e-5

/**
 * Layer normalisation over the last axis of [n, width] (Ba et al. 2016, arXiv:1607.06450), with a gradient of its own:
 * the one that tfjs would derive passes over the activations several times as often.
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(normalize(x), gain), bias)
}

/** (x - mean) / deviation of each row. With y the result and s the deviation, dx = (dy - mean(dy) - y mean(dy y)) / s. */
const normalize = (x: tf.Tensor): tf.Tensor =>
  tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc]
    const centred = tf.sub(input, tf.mean(input, -1, true))
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon))
    const value = tf.mul(centred, scale)
    save([value, scale])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [y, s] = saved as [tf.Tensor, tf.Tensor]
      const along = tf.mean(tf.mul(dy, y), -1, true)
      return tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), tf.mul(y, along)), s)
    }
    return { value, gradFunc }
  })(x)

const linearTerm = 2 * Math.sqrt(2 / Math.PI)
const cubicTerm = 0.044715 * linearTerm

/**
 * GELU by its tanh approximation (Hendrycks & Gimpel 2016, arXiv:1606.08415), as GPT-2 has it: 0.5 (1 + tanh(u)) is
 * sigmoid(2u), so y = x s with s = sigmoid(x p), p = a + b x^2. Its gradient s + x s (1 - s) (x p)' is written by hand,
 * with (x p)' = 3p - 2a and x s = y: half as many passes over the widest activations as tfjs would derive.
 */
export const gelu = (x: tf.Tensor): tf.Tensor =>
  tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc]
    const slope = tf.add(tf.mul(tf.square(input), cubicTerm), linearTerm)
    const gate = tf.sigmoid(tf.mul(input, slope))
    const value = tf.mul(input, gate)
    save([slope, gate, value])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [p, s, y] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
      const bend = tf.mul(tf.sub(y, tf.mul(y, s)), tf.sub(tf.mul(p, 3), 2 * linearTerm))
      return tf.mul(dy, tf.add(s, bend))
    }
    return { value, gradFunc }
  })(x)

/**
 * Mean of -log softmax(logits)[target], in nats: logits [n, classes], targets int32 [n]. With a gradient of its own,
 * (softmax - one-hot) / n, which needs fewer arrays as large as the logits than tfjs's: with a large vocabulary those are the
 * largest of all.
 */
export function crossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  const [rows, classes] = logits.shape as [number, number]
  const mean = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc]
    const normalizer = tf.logSumExp(input, -1, true)
    const places = tf.add(tf.range(0, rows * classes, classes, 'int32'), targets)
    const picked = tf.gather(tf.reshape(input, [-1]), places)
    save([input, normalizer, targets])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [x, z, at] = saved as [tf.Tensor, tf.Tensor, tf.Tensor]
      const probabilities = tf.exp(tf.sub(x, z))
      const marks = tf.oneHot(at, classes, 1, 0, 'float32')
      return tf.mul(tf.sub(probabilities, marks), tf.mul(dy, 1 / rows))
    }
    return { value: tf.mul(tf.sub(tf.sum(normalizer), tf.sum(picked)), 1 / rows), gradFunc }
  })
  return mean(logits) as tf.Scalar
}

/** Share of rows whose largest logit is their target's: logits [n, classes], targets int32 [n]. */
export function accuracy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  return tf.mean(tf.cast(tf.equal(tf.argMax(logits, -1), targets), 'float32')) as tf.Scalar
}

/** What a classifier is measured by. */
export function classification(logits: tf.Tensor, targets: tf.Tensor): Measured {
  return { loss: crossEntropy(logits, targets), accuracy: accuracy(logits, targets) }
}
