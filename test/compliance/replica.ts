import type { ExecutionContext, TestFn } from 'ava'
import type { Batch, Precision, TracedBackend } from '../../src/compute/engine/engine.ts'
import { onnxEngine } from '../../src/compute/engine/onnx-engine.ts'
import { gpt } from '../../src/compute/models/gpt.ts'
import type { OptimizerConfig } from '../../src/compute/optim/registry.ts'
import { createOptimizer } from '../../src/compute/optim/registry.ts'
import { hostReplica } from '../../src/compute/replica/host-replica.ts'
import type { Replica, ReplicaVectors } from '../../src/compute/replica/replica.ts'
import { createArena } from '../../src/core/arena.ts'
import { layoutParameters } from '../../src/core/layout.ts'
import { type Random, random } from '../../src/core/random.ts'

const model = gpt({ layers: 2, width: 16, heads: 2, context: 8, vocabulary: 32 })
const layout = layoutParameters(model.parameters, 2)
const batchSize = 4

interface ReplicaSettings {
  model: typeof model
  layout: typeof layout
  batchSize: number
  microBatches: number
  optimizer: OptimizerConfig
  gradientClip: number
  precision: Precision
}

export type MakeReplica = (settings: ReplicaSettings) => Promise<Replica>

export const hostReplicaOn =
  (backend: TracedBackend): MakeReplica =>
  async ({ batchSize, microBatches, optimizer, gradientClip, precision }) => {
    const arena = createArena()
    const memory = { layout, parameters: arena.floats(layout.length), gradients: arena.floats(layout.length) }
    const graph = await onnxEngine({ backend, precision }).compileTraining(model, batchSize / microBatches, memory)
    return hostReplica(
      { graph, optimizer: createOptimizer(optimizer, layout), memory, arena },
      { microBatches, gradientClip, precision },
    )
  }

export const replicaSettings: ReplicaSettings = {
  model,
  layout,
  batchSize,
  microBatches: 1,
  optimizer: { kind: 'adamw', learningRate: 0.01 },
  gradientClip: 1,
  precision: 'float32',
}

function randomBatch(stream: Random): Batch {
  const tokens = () => Int32Array.from({ length: model.tokens(batchSize) }, () => stream.integer(32))
  return { inputs: tokens(), targets: tokens() }
}

function initialParameters(): Float32Array {
  const parameters = new Float32Array(layout.length)
  const stream = random('replica')
  for (const { name, offset, length } of layout.tensors) {
    const parameter = model.parameters.find(each => each.name === name)!
    parameter.initialize(parameters.subarray(offset, offset + length), stream)
  }
  return parameters
}

function vectors(replica: Replica): ReplicaVectors {
  const vector = () => new Float32Array(layout.length)
  return {
    parameters: vector(),
    optimizer: Object.fromEntries(replica.optimizerState.map(name => [name, vector()])),
  }
}

async function saved(replica: Replica): Promise<ReplicaVectors> {
  const copy = vectors(replica)
  await replica.save(copy)
  return copy
}

const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0)

export interface ReplicaTolerance {
  /** Of parameters and optimizer state after some steps, absolute. */
  vectors: number
  /** Of the loss in nats, and of the gradient's norm as a fraction. */
  reports: number
}

/**
 * What every replica does, wherever its parameters lie. `reference` is one to agree with.
 */
export function replicaSuite(
  test: TestFn,
  name: string,
  make: MakeReplica,
  { reference, tolerance }: { reference: MakeReplica; tolerance: ReplicaTolerance },
): void {
  const withReplicas = (title: string, changes: Partial<ReplicaSettings>, makers: readonly MakeReplica[]) => {
    return (body: (t: ExecutionContext, replicas: Replica[]) => Promise<void>) =>
      test.serial(`${name}: ${title}`, async t => {
        const replicas: Replica[] = []
        try {
          for (const maker of makers) {
            const replica = await maker({ ...replicaSettings, ...changes })
            replicas.push(replica)
            await replica.restore(initialParameters())
          }
          await body(t, replicas)
        } finally {
          for (const replica of replicas) await replica.release()
        }
      })
  }

  for (const optimizer of [
    { kind: 'adamw', learningRate: 0.01 },
    { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
    { kind: 'sgd', learningRate: 0.1, momentum: 0 },
  ] as const) {
    const title = `updates of ${JSON.stringify(optimizer)} agree with the reference`
    withReplicas(title, { optimizer, gradientClip: 0.5 }, [make, reference])(async (t, [replica, other]) => {
      t.deepEqual(replica!.optimizerState, other!.optimizerState)
      const stream = random(1)
      for (let age = 0; age < 8; age++) {
        const batch = randomBatch(stream)
        const init = { learningRate: optimizer.learningRate * 2 ** -age, age, seed: age }
        const [report, expected] = [await replica!.update(batch, init), await other!.update(batch, init)]
        t.true(Math.abs(report.loss - expected.loss) <= tolerance.reports, `${report.loss} ${expected.loss}`)
        t.true(Math.abs(report.gradientNorm / expected.gradientNorm - 1) <= tolerance.reports)
      }
      const [ours, theirs] = [await saved(replica!), await saved(other!)]
      t.true(distance(ours.parameters, theirs.parameters) <= tolerance.vectors)
      t.true(distance(ours.parameters, initialParameters()) > 0.001)
      for (const vector of replica!.optimizerState) {
        t.true(distance(ours.optimizer[vector]!, theirs.optimizer[vector]!) <= tolerance.vectors, vector)
      }
      const batch = randomBatch(stream)
      t.true(Math.abs((await replica!.evaluate(batch)).loss - (await other!.evaluate(batch)).loss) <= tolerance.reports)
    })
  }

  withReplicas('micro-batches make the update of the whole batch', {}, [
    make,
    changed => make({ ...changed, microBatches: 4 }),
  ])(async (t, [whole, parts]) => {
    const batch = randomBatch(random(2))
    const [one, four] = [
      await whole!.update(batch, { learningRate: 0.01, age: 0, seed: 0 }),
      await parts!.update(batch, { learningRate: 0.01, age: 0, seed: 0 }),
    ]
    t.true(Math.abs(one.loss - four.loss) < 1e-5)
    t.true(Math.abs(one.gradientNorm / four.gradientNorm - 1) < 1e-3)
    // Adam's first step is a sign: where a gradient is all rounding error, the two may differ by a whole step.
    const [a, b] = [await saved(whole!), await saved(parts!)]
    t.true(distance(a.optimizer.moment1!, b.optimizer.moment1!) < 1e-6)
    t.true(Math.abs((await whole!.evaluate(batch)).loss - (await parts!.evaluate(batch)).loss) < 1e-4)
  })

  withReplicas('what is saved and restored goes on to the same bytes', {}, [make])(async (t, [replica]) => {
    const stream = random(3)
    await replica!.update(randomBatch(stream), { learningRate: 0.01, age: 0, seed: 0 })
    const half = await saved(replica!)
    const batch = randomBatch(stream)
    const report = await replica!.update(batch, { learningRate: 0.01, age: 1, seed: 1 })
    const whole = await saved(replica!)
    t.notDeepEqual(whole, half)
    await replica!.restore(half.parameters, half.optimizer)
    t.deepEqual(await saved(replica!), half)
    t.deepEqual(await replica!.update(batch, { learningRate: 0.01, age: 1, seed: 1 }), report)
    t.deepEqual(await saved(replica!), whole)
    await replica!.restore(half.parameters)
    const fresh = await saved(replica!)
    t.deepEqual(fresh.parameters, half.parameters)
    for (const vector of Object.values(fresh.optimizer)) t.true(vector.every(value => value === 0))
  })

  withReplicas('ranges of parameters are read and added to, whatever tensors they cross', {}, [make])(
    async (t, [replica]) => {
      const expected = initialParameters()
      const [, second] = layout.shards
      for (const [offset, length] of [
        [0, layout.length],
        [second!.offset, second!.length],
        [3, 1],
        [layout.tensors[1]!.offset - 2, 5],
        [layout.length - 1, 1],
      ] as const) {
        const into = new Float32Array(length)
        await replica!.read(offset, into)
        t.deepEqual(into, expected.slice(offset, offset + length), `${length} from ${offset}`)
        const delta = Float32Array.from({ length }, (_, i) => (i % 7) / 8)
        await replica!.add(offset, delta, -0.5)
        for (let i = 0; i < length; i++) expected[offset + i]! -= delta[i]! / 2
        t.deepEqual((await saved(replica!)).parameters, expected, `${length} from ${offset}`)
      }
    },
  )

  withReplicas('a gradient that is not finite changes nothing', {}, [make])(async (t, [replica]) => {
    const broken = initialParameters()
    broken[layout.tensors.find(({ name }) => name === 'ln_f.weight')!.offset] = Number.POSITIVE_INFINITY
    await replica!.restore(broken)
    const before = await saved(replica!)
    const { loss, gradientNorm } = await replica!.update(randomBatch(random(4)), {
      learningRate: 0.01,
      age: 0,
      seed: 0,
    })
    t.false(Number.isFinite(loss) && Number.isFinite(gradientNorm))
    t.deepEqual(await saved(replica!), before)
  })
}
