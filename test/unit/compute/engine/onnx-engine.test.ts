import * as tf from '@tensorflow/tfjs-core'
import test from 'ava'
import { eagerEngine } from '../../../../src/compute/engine/eager/eager-engine.ts'
import type { Batch, TrainingMemory } from '../../../../src/compute/engine/engine.ts'
import { onnxEngine } from '../../../../src/compute/engine/onnx-engine.ts'
import { gpt } from '../../../../src/compute/models/gpt.ts'
import { mlp } from '../../../../src/compute/models/mlp.ts'
import type { Model } from '../../../../src/compute/models/model.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'
import { type Random, random } from '../../../../src/core/random.ts'
import { relativeError } from '../../../support/relative-error.ts'

// tfjs has one active backend for the process: these tests must not overlap.
const serial = test.serial

const between = (r: Random, low: number, high: number) => low + r.integer(high - low + 1)

const families = {
  gpt: (r: Random) => {
    const heads = between(r, 1, 3)
    const width = heads * between(r, 5, 8)
    return gpt({ layers: between(r, 1, 2), width, heads, context: between(r, 2, 7), vocabulary: between(r, 5, 20) })
  },
  mlp: (r: Random) => {
    const hidden = Array.from({ length: r.integer(3) }, () => between(r, 6, 12))
    return mlp({ inputs: between(r, 2, 9), hidden, classes: between(r, 2, 9) })
  },
}

function batchFor(model: Model, batchSize: number, r: Random): Batch {
  const symbols = model.parameters.find(({ name }) => name === 'wte.weight')?.shape[0] ?? 2
  return Object.fromEntries(
    model.inputs(batchSize).map(({ name, shape, dtype }) => {
      const length = shape.reduce((product, size) => product * size, 1)
      return [
        name,
        dtype === 'int32'
          ? Int32Array.from({ length }, () => r.integer(symbols))
          : Float32Array.from({ length }, () => r.normal()),
      ]
    }),
  )
}

/** Memory with parameters far from their initial symmetry: nothing is zero, nothing saturates. */
function memoryFor(model: Model, r: Random): TrainingMemory {
  const layout = layoutParameters(model.parameters)
  const parameters = sharedFloats(layout.length)
  for (const { name, offset, length } of layout.tensors) {
    const centre = /ln_.*weight/.test(name) ? 1 : 0
    for (let i = 0; i < length; i++) parameters[offset + i] = centre + 0.3 * r.normal()
  }
  return { layout, parameters, gradients: sharedFloats(layout.length) }
}

const engine = onnxEngine({ threads: 1 })

for (const [family, make] of Object.entries(families)) {
  for (const seed of [1, 2, 3, 4]) {
    serial(`${family} ${seed}: loss and gradients equal tfjs's CPU backend to 1e-5`, async t => {
      const r = random(`${family} ${seed}`)
      const model = make(r)
      const batchSize = between(r, 1, 4)
      const memory = memoryFor(model, r)
      const reference = { ...memory, gradients: sharedFloats(memory.layout.length) }
      const batch = batchFor(model, batchSize, r)
      const graph = await engine.compileTraining(model, batchSize, memory)
      const eager = await (await eagerEngine('javascript')).compileTraining(model, batchSize, reference)
      try {
        const [loss, expected] = [await graph.lossAndGradients(batch), await eager.lossAndGradients(batch)]
        t.true(Math.abs(loss - expected) <= 1e-5 * expected, `loss ${loss}, expected ${expected}`)
        for (const { name, offset, length } of memory.layout.tensors) {
          const part = (values: Float32Array) => values.subarray(offset, offset + length)
          const error = relativeError(part(memory.gradients), part(reference.gradients))
          t.true(error <= 1e-5, `d ${name}: relative error ${error}`)
        }
        t.true(Math.abs((await graph.evaluate(batch)).loss - loss) < 1e-6)
        t.is((await eager.evaluate(batch)).loss, expected)
      } finally {
        await graph.release()
      }
    })

    serial(`${family} ${seed}: gradients equal central differences to 1e-3`, async t => {
      const r = random(`${family} differences ${seed}`)
      const model = make(r)
      const memory = memoryFor(model, r)
      const batch = batchFor(model, 3, r)
      const graph = await engine.compileTraining(model, 3, memory)
      try {
        await graph.lossAndGradients(batch)
        const { parameters, gradients, layout } = memory
        const norm = Math.hypot(...gradients)
        const start = Float32Array.from(parameters)
        const slope = async (direction: Float32Array, offset: number) => {
          const h = 5e-3
          const lossAt = async (step: number) => {
            for (const [i, d] of direction.entries()) parameters[offset + i] = start[offset + i]! + step * d
            const { loss } = await graph.evaluate(batch)
            parameters.set(start)
            return loss
          }
          // Richardson: removes the error of third order, so that h may be large enough for float32.
          const narrow = ((await lossAt(h)) - (await lossAt(-h))) / (2 * h)
          const wide = ((await lossAt(2 * h)) - (await lossAt(-2 * h))) / (4 * h)
          return (4 * narrow - wide) / 3
        }
        for (const { name, offset, length } of layout.tensors) {
          const own = gradients.subarray(offset, offset + length)
          const random = Float32Array.from(own, () => r.normal())
          for (const along of [Float32Array.from(own), random]) {
            const size = Math.hypot(...along)
            if (size === 0) continue
            const direction = along.map(value => value / size)
            const expected = await slope(direction, offset)
            const actual = own.reduce((sum, g, i) => sum + g * direction[i]!, 0)
            t.true(
              Math.abs(actual - expected) <= 1e-3 * norm,
              `d ${name}: ${actual}, differences ${expected}, norm ${norm}`,
            )
          }
        }
      } finally {
        await graph.release()
      }
    })
  }
}

serial('two compilations give the same bits, step after step', async t => {
  const run = async () => {
    const r = random('bits')
    const model = families.gpt(r)
    const memory = memoryFor(model, r)
    const graph = await engine.compileTraining(model, 2, memory)
    const losses: number[] = []
    for (let step = 0; step < 5; step++) {
      losses.push(await graph.lossAndGradients(batchFor(model, 2, r)))
      for (const [i, g] of memory.gradients.entries()) memory.parameters[i]! -= 0.1 * g
    }
    await graph.release()
    return { losses, parameters: memory.parameters }
  }
  t.deepEqual(await run(), await run())
})

serial('parameters are read in place, step after step', async t => {
  const r = random('in place')
  const model = families.mlp(r)
  const memory = memoryFor(model, r)
  const batch = batchFor(model, 2, r)
  const graph = await engine.compileTraining(model, 2, memory)
  const before = await graph.lossAndGradients(batch)
  const gradients = Float32Array.from(memory.gradients)
  for (const [i, g] of gradients.entries()) memory.parameters[i]! -= 1e-2 * g
  t.true((await graph.lossAndGradients(batch)) < before)
  t.notDeepEqual(Float32Array.from(memory.gradients), gradients)
  await graph.release()
})

serial('two threads give the gradients of one', async t => {
  const r = random('threads')
  const model = gpt({ layers: 1, width: 32, heads: 2, context: 16, vocabulary: 3 })
  const memory = memoryFor(model, r)
  const batch = batchFor(model, 4, r)
  const gradients: Float32Array[] = []
  for (const threads of [1, 2]) {
    const graph = await onnxEngine({ threads }).compileTraining(model, 4, memory)
    await graph.lossAndGradients(batch)
    gradients.push(Float32Array.from(memory.gradients))
    await graph.release()
  }
  t.true(relativeError(gradients[1]!, gradients[0]!) <= 1e-5)
})

serial('inference equals the same code on the CPU backend', async t => {
  const r = random('inference')
  const model = gpt({ layers: 1, width: 12, heads: 2, context: 6, vocabulary: 11 })
  const { layout, parameters } = memoryFor(model, r)
  // Shorter than the context: generation starts so.
  const spec = { name: 'tokens', shape: [2, 4], dtype: 'int32' } as const
  const graph = await engine.compileInference((p, b) => model.logits(p, b.tokens!), [spec], { layout, parameters })
  const tokens = Int32Array.from({ length: 8 }, () => r.integer(11))
  const [logits] = await graph.run({ tokens })
  await graph.release()
  tf.setBackend('cpu')
  const expected = tf.tidy(() => {
    const p = Object.fromEntries(
      layout.tensors.map(({ name, offset, length, shape }) => [
        name,
        tf.tensor(parameters.slice(offset, offset + length), [...shape]),
      ]),
    )
    return model.logits(p, tf.tensor(tokens, [2, 4], 'int32')).dataSync()
  })
  t.is(logits!.length, 2 * 4 * 11)
  t.true(relativeError(logits!, Float32Array.from(expected)) <= 1e-5)
})

serial('a batch of the wrong size or name is refused', async t => {
  const model = mlp({ inputs: 3, hidden: [], classes: 2 })
  const graph = await engine.compileTraining(model, 2, memoryFor(model, random(1)))
  await t.throwsAsync(graph.evaluate({ inputs: new Float32Array(5), targets: new Int32Array(2) }), {
    message: /Expected `input\/inputs` to have 6 elements for \[2,3\], got 5/,
  })
  await t.throwsAsync(graph.evaluate({ inputs: new Float32Array(6) }), { message: /Expected `input\/targets`/ })
  await graph.release()
})

test('threads are validated', t => {
  t.throws(() => onnxEngine({ threads: 0 }), { message: 'Expected `threads` to be an integer >= 1, got 0' })
})
