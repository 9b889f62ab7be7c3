import { memory as tensorMemory } from '@tensorflow/tfjs-core'
import type { TestFn } from 'ava'
import type { BackendProbe } from '../../src/compute/engine/choose-backend.ts'
import { createEngine } from '../../src/compute/engine/create-engine.ts'
import { eagerEngine } from '../../src/compute/engine/eager/eager-engine.ts'
import { type Batch, type Engine, isEager, type TrainingMemory } from '../../src/compute/engine/engine.ts'
import { cnn } from '../../src/compute/models/cnn.ts'
import { gpt } from '../../src/compute/models/gpt.ts'
import { mlp } from '../../src/compute/models/mlp.ts'
import type { Model } from '../../src/compute/models/model.ts'
import { layoutParameters } from '../../src/core/layout.ts'
import { sharedFloats } from '../../src/core/parameters.ts'
import { type Random, random } from '../../src/core/random.ts'
import { relativeError } from '../support/relative-error.ts'

const between = (r: Random, low: number, high: number) => low + r.integer(high - low + 1)

interface Family {
  model(r: Random): Model
  /** Integers in a batch are below this. */
  symbols(model: Model): number
}

const families: Readonly<Record<string, Family>> = {
  gpt: {
    model(r) {
      const heads = between(r, 1, 3)
      const width = heads * between(r, 5, 8)
      return gpt({ layers: between(r, 1, 2), width, heads, context: between(r, 2, 7), vocabulary: between(r, 5, 20) })
    },
    symbols: model => model.parameters.find(({ name }) => name === 'wte.weight')!.shape[0]!,
  },
  cnn: {
    model: r =>
      cnn({
        shape: [between(r, 4, 7), between(r, 4, 7), between(r, 1, 2)],
        channels: Array.from({ length: between(r, 1, 2) }, () => between(r, 2, 4)),
        kernel: between(r, 1, 3),
        hidden: [between(r, 4, 8)],
        classes: between(r, 3, 5),
      }),
    symbols: () => 3,
  },
  mlp: {
    model(r) {
      const hidden = Array.from({ length: 1 + r.integer(2) }, () => between(r, 6, 12))
      return mlp({ inputs: between(r, 2, 9), hidden, classes: between(r, 3, 9) })
    },
    symbols: () => 3,
  },
}

/** A model of a family with parameters far from their initial symmetry: nothing is zero, nothing saturates. */
function instance(family: Family, seed: string) {
  const r = random(seed)
  const model = family.model(r)
  const batchSize = between(r, 2, 4)
  const layout = layoutParameters(model.parameters)
  const parameters = sharedFloats(layout.length)
  for (const { name, offset, length } of layout.tensors) {
    const centre = /ln_.*weight/.test(name) ? 1 : 0
    for (let i = 0; i < length; i++) parameters[offset + i] = centre + 0.3 * r.normal()
  }
  const batch = (): Batch =>
    Object.fromEntries(
      model.inputs(batchSize).map(({ name, shape, dtype }) => {
        const length = shape.reduce((product, size) => product * size, 1)
        return dtype === 'int32'
          ? [name, Int32Array.from({ length }, () => r.integer(family.symbols(model)))]
          : [name, Float32Array.from({ length }, () => r.normal())]
      }),
    )
  const memory = (): TrainingMemory => ({
    layout,
    parameters: sharedFloats(layout.length),
    gradients: sharedFloats(layout.length),
  })
  const compile = async (engine: Engine) => {
    const own = memory()
    own.parameters.set(parameters)
    return { memory: own, graph: await engine.compileTraining(model, batchSize, own) }
  }
  return { model, batch, compile }
}

export interface BackendSuiteInit {
  /** Largest relative difference of losses, and of each parameter's gradient, to tfjs's plain CPU backend. */
  tolerance: number
  /** Models of each family. */
  models: number
  /** Its memory is this process's, as far as this process can tell. */
  inProcess: boolean
}

/**
 * Every backend computes the same. Where a backend is not present, its one test says so and why.
 * @param probe what was found out about it, before the first test of a file is declared
 */
export function backendSuite(test: TestFn, probe: BackendProbe, init: BackendSuiteInit): void {
  const { name: backend, works, found } = probe
  if (!works) {
    test(`${backend}: not present here`, t => {
      t.log(`${backend}: not present here: ${found}`)
      t.pass()
    })
    return
  }
  const { tolerance, models, inProcess } = init
  // tfjs has one active backend for the process, and native runs on a GPU must not overlap: nor may these tests.
  const serial = test.serial
  const open = () => createEngine({ backend, strict: true })
  const seeds = Array.from({ length: models }, (_, i) => i + 1)
  const close = (a: number, b: number) => Math.abs(a - b) <= tolerance * Math.abs(b)

  for (const [name, family] of Object.entries(families)) {
    for (const seed of seeds) {
      serial(`${backend}: ${name} ${seed}: losses and gradients equal tfjs's CPU backend to ${tolerance}`, async t => {
        const { batch, compile } = instance(family, `${name} ${seed}`)
        const actual = await compile(await open())
        const expected = await compile(await eagerEngine('javascript'))
        t.is(actual.graph.backend, backend)
        try {
          // Other values each time, of batch and parameters: both are read anew, in place.
          for (let step = 0; step < 3; step++) {
            const values = batch()
            const [loss, reference] = [
              await actual.graph.lossAndGradients(values),
              await expected.graph.lossAndGradients(values),
            ]
            t.true(close(loss, reference), `loss ${loss}, expected ${reference}`)
            for (const { name: parameter, offset, length } of actual.memory.layout.tensors) {
              const part = (all: Float32Array) => all.subarray(offset, offset + length)
              const error = relativeError(part(actual.memory.gradients), part(expected.memory.gradients))
              t.true(error <= tolerance, `step ${step}, d ${parameter}: relative error ${error}`)
            }
            const [before, gradients] = [expected.memory.parameters, expected.memory.gradients]
            const evaluation = await actual.graph.evaluate(values)
            t.true(close(evaluation.loss, reference), `evaluation ${evaluation.loss}, expected ${reference}`)
            for (const [metric, value] of Object.entries((await expected.graph.evaluate(values)).metrics)) {
              t.true(close(evaluation.metrics[metric]!, value), `${metric} ${evaluation.metrics[metric]}, not ${value}`)
            }
            for (const { parameters } of [actual.memory, expected.memory]) {
              for (const [i, value] of before.entries()) parameters[i] = value - 0.05 * gradients[i]!
            }
          }
        } finally {
          await actual.graph.release()
        }
      })
    }
  }

  serial(`${backend}: two compilations give the same bits, step after step`, async t => {
    const run = async () => {
      const { batch, compile } = instance(families.gpt!, 'bits')
      const { memory, graph } = await compile(await open())
      const losses: number[] = []
      for (let step = 0; step < 3; step++) {
        losses.push(await graph.lossAndGradients(batch()))
        for (const [i, g] of memory.gradients.entries()) memory.parameters[i]! -= 0.1 * g
      }
      await graph.release()
      return { losses, parameters: memory.parameters }
    }
    t.deepEqual(await run(), await run())
  })

  serial(`${backend}: evaluating leaves gradients and parameters alone`, async t => {
    const { batch, compile } = instance(families.mlp!, 'evaluation')
    const { memory, graph } = await compile(await open())
    await graph.lossAndGradients(batch())
    const before = [memory.parameters.slice(), memory.gradients.slice()]
    await graph.evaluate(batch())
    t.deepEqual([memory.parameters.slice(), memory.gradients.slice()], before)
    await graph.release()
  })

  serial(`${backend}: inference equals tfjs's CPU backend to ${tolerance}`, async t => {
    const model = gpt({ layers: 1, width: 12, heads: 2, context: 6, vocabulary: 11 })
    const r = random('inference')
    const layout = layoutParameters(model.parameters)
    const parameters = sharedFloats(layout.length)
    for (const i of parameters.keys()) parameters[i] = 0.3 * r.normal()
    // Shorter than the context: generation starts so.
    const spec = { name: 'tokens', shape: [2, 4], dtype: 'int32' } as const
    const compile = (engine: Engine) =>
      engine.compileInference((p, b) => model.logits(p, b.tokens!), [spec], { layout, parameters })
    const [graph, reference] = [await compile(await open()), await compile(await eagerEngine('javascript'))]
    for (let i = 0; i < 2; i++) {
      const tokens = Int32Array.from({ length: 8 }, () => r.integer(11))
      const [[logits], [expected]] = [await graph.run({ tokens }), await reference.run({ tokens })]
      t.is(logits!.length, 2 * 4 * 11)
      t.true(relativeError(logits!, expected!) <= tolerance)
    }
    await graph.release()
  })

  if (!inProcess) return
  serial(`${backend}: what is released is freed`, async t => {
    // Much of activations beside little of parameters and products: each graph needs some 30 MB.
    const model = mlp({ inputs: 2, hidden: [8, 8], classes: 2 })
    const layout = layoutParameters(model.parameters)
    const memory = { layout, parameters: sharedFloats(layout.length), gradients: sharedFloats(layout.length) }
    memory.parameters.fill(0.1)
    const size = 60_000
    const batch = { inputs: new Float32Array(2 * size).fill(1), targets: new Int32Array(size) }
    const use = async () => {
      const graph = await (await open()).compileTraining(model, size, memory)
      await graph.lossAndGradients(batch)
      await graph.release()
    }
    await use()
    await use()
    const before = { tensors: tensorMemory().numTensors, rss: process.memoryUsage().rss }
    for (let i = 0; i < 10; i++) await use()
    t.is(tensorMemory().numTensors, before.tensors)
    const grown = (process.memoryUsage().rss - before.rss) / 2 ** 20
    t.log(`${grown.toFixed(0)} MB more after ten graphs`)
    // Of garbage that JavaScript has not collected yet the process's size tells nothing.
    if (!isEager(backend)) t.true(grown < 100, `${grown} MB more after ten graphs`)
  })
}
