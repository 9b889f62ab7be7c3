import * as tf from '@tensorflow/tfjs-core'
import { normal, ones, zeros } from './initialize.ts'
import { classification, crossEntropy, gelu, layerNorm, linear } from './layers.ts'
import type { Measured, ModelParameter, NamedTensors, SequenceModel } from './model.ts'

export interface GptInit {
  /** Blocks. Must be >= 1. */
  layers: number
  /** Width of the residual stream. Must be a multiple of `heads`. */
  width: number
  /** Attention heads. Must be >= 1. */
  heads: number
  /** Longest sequence, in tokens. Must be >= 1. */
  context: number
  /** Tokens are in [0, vocabulary). Must be >= 1. */
  vocabulary: number
}

/**
 * A decoder-only transformer as GPT-2 (Radford et al. 2019): learned positions, norms before each part, GELU, the token
 * embedding reused as the head. Parameters have the names and shapes of Hugging Face's GPT-2; batches hold `inputs` and
 * `targets`, int32 [batch, context].
 */
export function gpt(init: GptInit): SequenceModel {
  for (const [name, value] of Object.entries(init)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`Expected \`${name}\` to be an integer >= 1, got ${value}`)
    }
  }
  if (init.width % init.heads !== 0) {
    throw new TypeError(`Expected \`width\` to be a multiple of ${init.heads} heads, got ${init.width}`)
  }
  return new Gpt(init)
}

class Gpt implements SequenceModel {
  readonly context: number
  readonly vocabulary: number
  readonly parameters: readonly ModelParameter[]
  readonly #init: GptInit

  constructor(init: GptInit) {
    this.#init = init
    this.context = init.context
    this.vocabulary = init.vocabulary
    this.parameters = gptParameters(init)
  }

  inputs(batchSize: number) {
    const shape = [batchSize, this.context]
    return (['inputs', 'targets'] as const).map(name => ({ name, shape, dtype: 'int32' as const }))
  }

  tokens(batchSize: number): number {
    return batchSize * this.context
  }

  loss(parameters: NamedTensors, batch: NamedTensors): tf.Scalar {
    const logits = this.#head(parameters, this.#trunk(parameters, batch.inputs!))
    return crossEntropy(logits, tf.reshape(batch.targets!, [-1]))
  }

  /** The metric is the accuracy of the next token; perplexity is exp(loss). */
  evaluate(parameters: NamedTensors, batch: NamedTensors): Measured {
    const logits = this.#head(parameters, this.#trunk(parameters, batch.inputs!))
    return classification(logits, tf.reshape(batch.targets!, [-1]))
  }

  logits(parameters: NamedTensors, tokens: tf.Tensor): tf.Tensor {
    const logits = this.#head(parameters, this.#trunk(parameters, tokens))
    return tf.reshape(logits, [...tokens.shape, this.vocabulary])
  }

  /** [batch, time] -> [batch time, width]: the rows of all sequences under one another. */
  #trunk(p: NamedTensors, tokens: tf.Tensor): tf.Tensor {
    const { layers, width, heads } = this.#init
    const [batch, time] = tokens.shape as [number, number]
    const positions = time === this.context ? p['wpe.weight']! : tf.slice(p['wpe.weight']!, [0, 0], [time, width])
    const embedded = tf.add(tf.gather(p['wte.weight']!, tokens), positions)
    let x = tf.reshape(embedded, [batch * time, width])
    const mask = causalMask(time)
    for (let i = 0; i < layers; i++) {
      const of = (name: string) => p[`h.${i}.${name}`]!
      const normed = layerNorm(x, of('ln_1.weight'), of('ln_1.bias'))
      const qkv = linear(normed, of('attn.c_attn.weight'), of('attn.c_attn.bias'))
      const attended = attend(qkv, { batch, time, heads, mask })
      x = tf.add(x, linear(attended, of('attn.c_proj.weight'), of('attn.c_proj.bias')))
      const hidden = linear(
        layerNorm(x, of('ln_2.weight'), of('ln_2.bias')),
        of('mlp.c_fc.weight'),
        of('mlp.c_fc.bias'),
      )
      x = tf.add(x, linear(gelu(hidden), of('mlp.c_proj.weight'), of('mlp.c_proj.bias')))
    }
    return layerNorm(x, p['ln_f.weight']!, p['ln_f.bias']!)
  }

  #head(p: NamedTensors, x: tf.Tensor): tf.Tensor {
    return tf.matMul(x, p['wte.weight']!, false, true)
  }
}

interface AttentionShape {
  batch: number
  time: number
  heads: number
  /** [time, time], added to the scores. */
  mask: tf.Tensor
}

/** Causal self-attention of each sequence: queries, keys and values [batch time, 3 width] -> [batch time, width]. */
function attend(qkv: tf.Tensor, { batch, time, heads, mask }: AttentionShape): tf.Tensor {
  const width = qkv.shape[1]! / 3
  const size = width / heads
  const apart = tf.transpose(tf.reshape(qkv, [batch, time, 3, heads, size]), [2, 0, 3, 1, 4])
  const [queries, keys, values] = tf.split(apart, 3, 0).map(part => tf.reshape(part, [batch, heads, time, size])) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ]
  const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(size))
  const attended = tf.matMul(tf.softmax(tf.add(scores, mask)), values)
  return tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), [batch * time, width])
}

/** 0 where a row may look (itself and before), far below any score elsewhere. */
function causalMask(time: number): tf.Tensor {
  const values = new Float32Array(time * time)
  for (let row = 0; row < time; row++) values.fill(-1e9, row * time + row + 1, (row + 1) * time)
  return tf.tensor2d(values, [time, time])
}

function gptParameters({ layers, width, context, vocabulary }: GptInit): ModelParameter[] {
  const deviation = 0.02
  // What writes into the residual stream starts smaller, so that the stream's variance does not grow with depth.
  const residual = normal(deviation / Math.sqrt(2 * layers))
  const weights = normal(deviation)
  const norm = (name: string, group: number): ModelParameter[] => [
    { name: `${name}.weight`, shape: [width], group, initialize: ones },
    { name: `${name}.bias`, shape: [width], group, initialize: zeros },
  ]
  const block = (i: number): ModelParameter[] => {
    const group = i + 1
    const dense = (name: string, from: number, to: number, initialize: ModelParameter['initialize']) => [
      { name: `h.${i}.${name}.weight`, shape: [from, to], group, initialize },
      { name: `h.${i}.${name}.bias`, shape: [to], group, initialize: zeros },
    ]
    return [
      ...norm(`h.${i}.ln_1`, group),
      ...dense('attn.c_attn', width, 3 * width, weights),
      ...dense('attn.c_proj', width, width, residual),
      ...norm(`h.${i}.ln_2`, group),
      ...dense('mlp.c_fc', width, 4 * width, weights),
      ...dense('mlp.c_proj', 4 * width, width, residual),
    ]
  }
  return [
    { name: 'wte.weight', shape: [vocabulary, width], group: 0, initialize: weights },
    { name: 'wpe.weight', shape: [context, width], group: 0, initialize: weights },
    ...Array.from({ length: layers }, (_, i) => block(i)).flat(),
    ...norm('ln_f', layers + 1),
  ]
}
