import test from 'ava'
import type { GradientInit, TrainingGraph } from '../../../../src/compute/engine/engine.ts'
import { createOptimizer } from '../../../../src/compute/optim/registry.ts'
import { hostReplica } from '../../../../src/compute/replica/host-replica.ts'
import { createArena } from '../../../../src/core/arena.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'

/** A graph whose gradient is 1 everywhere, unless the loss is scaled to more than float16 holds. */
function overflowingGraph(gradients: Float32Array, largest: number) {
  const runs: GradientInit[] = []
  const graph: TrainingGraph = {
    backend: 'cuda',
    threads: 1,
    activationBytes: undefined,
    async lossAndGradients(_, init = {}) {
      runs.push(init)
      gradients.fill((init.lossScale ?? 1) > largest ? Number.POSITIVE_INFINITY : 1)
      return 3
    },
    evaluate: async () => ({ loss: 3, metrics: {} }),
    release: async () => {},
  }
  return { graph, runs }
}

test('in mixed precision a step that overflows is taken again, with half the scale and the same seed, and updates once', async t => {
  const layout = layoutParameters([{ name: 'w', shape: [4], group: 0 }])
  const arena = createArena()
  const memory = { layout, parameters: arena.floats(4), gradients: arena.floats(4) }
  const { graph, runs } = overflowingGraph(memory.gradients, 2 ** 14)
  const optimizer = createOptimizer({ kind: 'sgd', learningRate: 1, momentum: 0 }, layout)
  const replica = hostReplica(
    { graph, optimizer, memory, arena },
    { microBatches: 1, gradientClip: 0, precision: 'mixed' },
  )
  const step = { learningRate: 0.5, age: 0, seed: 7 }
  t.deepEqual(await replica.update({ x: new Float32Array(1) }, step), { loss: 3, gradientNorm: 2 })
  t.deepEqual([...memory.parameters], [-0.5, -0.5, -0.5, -0.5])
  t.deepEqual(
    runs,
    [16, 15, 14].map(power => ({ lossScale: 2 ** power, seed: 7 })),
  )
  await replica.update({ x: new Float32Array(1) }, step)
  t.is(runs.length, 4)
})
