import test from 'ava'
import { createEngine } from '../../src/compute/engine/onnx-engine.ts'
import { createOptimizer } from '../../src/compute/optim/registry.ts'
import { hostReplica } from '../../src/compute/replica/host-replica.ts'
import { sharedFloats } from '../../src/core/parameters.ts'
import { type MakeReplica, replicaSuite } from './replica.ts'

const host: MakeReplica = async ({ model, layout, batchSize, microBatches, optimizer, gradientClip }) => {
  const memory = { layout, parameters: sharedFloats(layout.length), gradients: sharedFloats(layout.length) }
  const graph = await createEngine().compileTraining(model, batchSize / microBatches, memory)
  return hostReplica({ graph, optimizer: createOptimizer(optimizer, layout), memory }, { microBatches, gradientClip })
}

replicaSuite(test, 'on the host', host, { reference: host, tolerance: 0 })
