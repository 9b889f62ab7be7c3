import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import test from 'ava'
import { gpt } from '../../../../src/compute/models/gpt.ts'
import type { NamedTensors } from '../../../../src/compute/models/model.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { random } from '../../../../src/core/random.ts'

const init = { layers: 2, width: 8, heads: 2, context: 5, vocabulary: 7 }

function initialized(model: ReturnType<typeof gpt>, seed: string): NamedTensors {
  return Object.fromEntries(
    model.parameters.map(({ name, shape, initialize }) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
      initialize(values, random(seed).fork(name))
      return [name, tf.tensor(values, [...shape])]
    }),
  )
}

test("parameters have the names and shapes of Hugging Face's GPT-2, grouped by block", t => {
  const model = gpt({ ...init, layers: 1 })
  t.deepEqual(
    model.parameters.map(({ name, shape, group }) => [name, shape, group]),
    [
      ['wte.weight', [7, 8], 0],
      ['wpe.weight', [5, 8], 0],
      ['h.0.ln_1.weight', [8], 1],
      ['h.0.ln_1.bias', [8], 1],
      ['h.0.attn.c_attn.weight', [8, 24], 1],
      ['h.0.attn.c_attn.bias', [24], 1],
      ['h.0.attn.c_proj.weight', [8, 8], 1],
      ['h.0.attn.c_proj.bias', [8], 1],
      ['h.0.ln_2.weight', [8], 1],
      ['h.0.ln_2.bias', [8], 1],
      ['h.0.mlp.c_fc.weight', [8, 32], 1],
      ['h.0.mlp.c_fc.bias', [32], 1],
      ['h.0.mlp.c_proj.weight', [32, 8], 1],
      ['h.0.mlp.c_proj.bias', [8], 1],
      ['ln_f.weight', [8], 2],
      ['ln_f.bias', [8], 2],
    ],
  )
})

test('the preset of 0.8 M parameters has that many', t => {
  const model = gpt({ layers: 4, width: 128, heads: 4, context: 64, vocabulary: 256 })
  t.is(layoutParameters(model.parameters).length, 834_304)
})

test("initial values are GPT-2's: normal, 0.02, residual projections scaled down by the depth", t => {
  const model = gpt({ layers: 8, width: 64, heads: 2, context: 4, vocabulary: 50 })
  const deviation = (name: string) => {
    const { shape, initialize } = model.parameters.find(parameter => parameter.name === name)!
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
    initialize(values, random(name))
    return Math.hypot(...values) / Math.sqrt(values.length)
  }
  const near = (actual: number, expected: number) => Math.abs(actual / expected - 1) < 0.05
  t.true(near(deviation('wte.weight'), 0.02))
  t.true(near(deviation('h.3.mlp.c_fc.weight'), 0.02))
  t.true(near(deviation('h.3.mlp.c_proj.weight'), 0.02 / 4))
  t.true(near(deviation('h.3.attn.c_proj.weight'), 0.02 / 4))
  t.is(deviation('h.3.ln_1.weight'), 1)
  t.is(deviation('h.3.ln_1.bias'), 0)
})

test.serial('logits see the past alone, and each sequence itself alone', t => {
  const model = gpt(init)
  const p = initialized(model, 'causal')
  const logits = (rows: number[][]) =>
    model.logits(p, tf.tensor2d(rows, undefined, 'int32')).arraySync() as number[][][]
  const before = logits([
    [1, 2, 3, 4, 5],
    [6, 5, 4, 3, 2],
  ])
  const after = logits([
    [1, 2, 3, 0, 5],
    [6, 5, 4, 3, 2],
  ])
  t.deepEqual(after[1], before[1])
  t.deepEqual(after[0]!.slice(0, 3), before[0]!.slice(0, 3))
  for (const time of [3, 4]) t.notDeepEqual(after[0]![time], before[0]![time])
})

test.serial('a shorter sequence has the logits it has inside a longer one', t => {
  const model = gpt(init)
  const p = initialized(model, 'prefix')
  const logits = (row: number[]) =>
    (model.logits(p, tf.tensor2d([row], undefined, 'int32')).arraySync() as number[][][])[0]!
  const [short, long] = [logits([3, 1, 4]), logits([3, 1, 4, 1, 5]).slice(0, 3)]
  for (const [time, row] of short.entries()) {
    for (const [symbol, value] of row.entries()) t.true(Math.abs(value - long[time]![symbol]!) < 1e-6)
  }
})

test.serial('the loss at the start is about that of a uniform guess, in nats per token', t => {
  const model = gpt(init)
  const p = initialized(model, 'start')
  const [inputs, targets] = [0, 1].map(shift =>
    tf.tensor2d([[0, 1, 2, 3, 4].map(i => (i + shift) % 7)], undefined, 'int32'),
  )
  const loss = model.loss(p, { inputs: inputs!, targets: targets! }).dataSync()[0]!
  t.true(Math.abs(loss - Math.log(7)) < 0.1)
})

test.serial('logits are those of the same network written with plain loops', t => {
  const model = gpt(init)
  const r = random('loops')
  const values = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [
      name,
      Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => 0.5 * r.normal()),
    ]),
  )
  const p = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, tf.tensor(values[name]!, [...shape])]))
  const tokens = [3, 1, 4, 1, 6]
  const logits = model.logits(p, tf.tensor2d([tokens], undefined, 'int32')).dataSync()
  const expected = plainLogits(tokens, values).flat()
  const scale = Math.max(...expected.map(Math.abs))
  for (const [i, value] of expected.entries()) t.true(Math.abs(logits[i]! - value) < 1e-5 * scale, `logit ${i}`)
})

/** GPT-2 for one sequence, in double precision. */
function plainLogits(tokens: number[], p: Record<string, Float32Array>): number[][] {
  const { layers, width, heads } = init
  const size = width / heads
  const linear = (x: number[], name: string) => {
    const [weight, bias] = [p[`${name}.weight`]!, p[`${name}.bias`]!]
    return Array.from(bias, (b, o) => x.reduce((sum, value, i) => sum + value * weight[i * bias.length + o]!, b))
  }
  const norm = (x: number[], name: string) => {
    const mean = x.reduce((a, b) => a + b) / width
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width
    return x.map(
      (v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * p[`${name}.weight`]![i]! + p[`${name}.bias`]![i]!,
    )
  }
  const gelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
  const plus = (a: number[], b: number[]) => a.map((value, i) => value + b[i]!)
  let x = tokens.map((token, time) =>
    Array.from({ length: width }, (_, i) => p['wte.weight']![token * width + i]! + p['wpe.weight']![time * width + i]!),
  )
  for (let layer = 0; layer < layers; layer++) {
    const qkv = x.map(row => linear(norm(row, `h.${layer}.ln_1`), `h.${layer}.attn.c_attn`))
    const attended = x.map((_, time) =>
      Array.from({ length: width }, (_, i) => {
        const head = Math.floor(i / size) * size
        const scores = qkv.slice(0, time + 1).map(other => {
          const products = Array.from({ length: size }, (_, d) => qkv[time]![head + d]! * other[width + head + d]!)
          return Math.exp(products.reduce((a, b) => a + b) / Math.sqrt(size))
        })
        const total = scores.reduce((a, b) => a + b)
        return scores.reduce((sum, score, past) => sum + (score / total) * qkv[past]![2 * width + i]!, 0)
      }),
    )
    x = x.map((row, time) => plus(row, linear(attended[time]!, `h.${layer}.attn.c_proj`)))
    x = x.map(row => {
      const hidden = linear(norm(row, `h.${layer}.ln_2`), `h.${layer}.mlp.c_fc`).map(gelu)
      return plus(row, linear(hidden, `h.${layer}.mlp.c_proj`))
    })
  }
  return x.map(row => {
    const final = norm(row, 'ln_f')
    return Array.from({ length: init.vocabulary }, (_, symbol) =>
      final.reduce((sum, value, i) => sum + value * p['wte.weight']![symbol * width + i]!, 0),
    )
  })
}

test('a batch holds inputs and targets', t => {
  const model = gpt(init)
  t.deepEqual(model.inputs(3), [
    { name: 'inputs', shape: [3, 5], dtype: 'int32' },
    { name: 'targets', shape: [3, 5], dtype: 'int32' },
  ])
  t.is(model.tokens(3), 15)
})

test('sizes are validated', t => {
  t.throws(() => gpt({ ...init, layers: 0 }), { message: 'Expected `layers` to be an integer >= 1, got 0' })
  t.throws(() => gpt({ ...init, heads: 3 }), { message: 'Expected `width` to be a multiple of 3 heads, got 8' })
})
