import type { TestFn } from 'ava'
import type { DataDescription } from '../../src/compute/data/source.ts'
import { eagerEngine } from '../../src/compute/engine/eager/eager-engine.ts'
import type { Batch, TrainingGraph, TrainingMemory } from '../../src/compute/engine/engine.ts'
import { onnxEngine } from '../../src/compute/engine/onnx-engine.ts'
import type { Model } from '../../src/compute/models/model.ts'
import type { Optimizer } from '../../src/compute/optim/optimizer.ts'
import { sgd } from '../../src/compute/optim/sgd.ts'
import { hostReplica } from '../../src/compute/replica/host-replica.ts'
import type { Replica } from '../../src/compute/replica/replica.ts'
import { createArena } from '../../src/core/arena.ts'
import { layoutParameters } from '../../src/core/layout.ts'
import { sharedFloats } from '../../src/core/parameters.ts'
import { random } from '../../src/core/random.ts'

const batchSize = 4
const steps = 20
/** Largest difference of a parameter after all steps, relative to the largest parameter. */
const tolerance = 1e-4

const common = { summary: '', fingerprint: '' }
export const images: DataDescription = {
  ...common,
  kind: 'images',
  shape: [8, 8, 1],
  inputs: 64,
  classes: 3,
  trainExamples: 1,
  validationExamples: 1,
}
export const text: DataDescription = {
  ...common,
  kind: 'text',
  vocabulary: 7,
  documents: 1,
  bytes: 1,
  tokens: 1,
  bytesPerToken: 1,
  trainTokens: 1,
  validationTokens: 1,
}

/** Trained traced and eagerly from the same parameters on the same batches, a model comes to the same parameters. */
export function modelSuite(
  test: TestFn,
  name: string,
  data: DataDescription,
  make: () => Promise<Model> | Model,
): void {
  test(`${name}: ${steps} steps traced as on eager tfjs`, async t => {
    const model = await make()
    const classes = data.kind === 'images' ? data.classes : data.vocabulary
    const [traced, eager] = [memoryOf(model), memoryOf(model)]
    const replicas = [
      replicaOf(traced, await onnxEngine().compileTraining(model, batchSize, traced), sgd({ momentum: 0.9 })),
      replicaOf(
        eager,
        await (await eagerEngine('javascript')).compileTraining(model, batchSize, eager),
        sgd({ momentum: 0.9 }),
      ),
    ]
    const start = Float32Array.from(traced.parameters)
    const stream = random(name)
    try {
      for (let age = 0; age < steps; age++) {
        const batch = batchOf(model, classes, stream)
        for (const each of replicas) await each.update(batch, { learningRate: 0.05, age, seed: age })
      }
      const scale = Math.max(...traced.parameters.map(Math.abs))
      t.true(distance(start, traced.parameters) > 1e-3 * scale, 'nothing was learnt')
      const difference = distance(traced.parameters, eager.parameters)
      t.true(difference <= tolerance * scale, `parameters differ by ${difference}, the largest is ${scale}`)
      const batch = batchOf(model, classes, stream)
      const [a, b] = [await replicas[0]!.evaluate(batch), await replicas[1]!.evaluate(batch)]
      t.true(Math.abs(a.loss - b.loss) <= 1e-3 * Math.abs(b.loss), `loss ${a.loss}, eagerly ${b.loss}`)
      t.deepEqual(Object.keys(a.metrics), Object.keys(b.metrics))
    } finally {
      for (const each of replicas) await each.release()
    }
  })
}

/** A replica in memory of its own, for `graph` over `memory`. */
export function replicaOf(
  memory: TrainingMemory,
  graph: TrainingGraph,
  optimizer: Optimizer,
  gradientClip = 1,
): Replica {
  return hostReplica({ graph, memory, optimizer, arena: createArena() }, { microBatches: 1, gradientClip })
}

export function memoryOf(model: Model): TrainingMemory {
  const layout = layoutParameters(model.parameters)
  const parameters = sharedFloats(layout.length)
  for (const { name, offset, length } of layout.tensors) {
    const parameter = model.parameters.find(each => each.name === name)!
    parameter.initialize(parameters.subarray(offset, offset + length), random(name))
  }
  return { layout, parameters, gradients: sharedFloats(layout.length) }
}

export function batchOf(model: Model, classes: number, stream: ReturnType<typeof random>): Batch {
  return Object.fromEntries(
    model.inputs(batchSize).map(({ name, shape, dtype }) => {
      const length = shape.reduce((product, size) => product * size, 1)
      return [
        name,
        dtype === 'int32'
          ? Int32Array.from({ length }, () => stream.integer(classes))
          : Float32Array.from({ length }, () => stream.next()),
      ]
    }),
  )
}

const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0)
