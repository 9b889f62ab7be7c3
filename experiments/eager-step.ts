/**
 * Claim: a traced step is many times faster than the same step on tfjs's own backends. The small GPT of
 * `murmur bench step`, forward and backward on one thread, in turns; prints every backend's median and its ratio.
 *
 *   npx node experiments/eager-step.ts [rounds]
 */
import { createEngine } from '../src/compute/engine/create-engine.ts'
import type { TrainingGraph } from '../src/compute/engine/engine.ts'
import { gpt } from '../src/compute/models/gpt.ts'
import { layoutParameters } from '../src/core/layout.ts'
import { median } from '../src/core/median.ts'
import { sharedFloats } from '../src/core/parameters.ts'
import { random } from '../src/core/random.ts'

const rounds = Number(process.argv[2] ?? 5)
const batchSize = 8
const model = gpt({ layers: 4, width: 128, heads: 4, context: 64, vocabulary: 256 })
const layout = layoutParameters(model.parameters)
const stream = random('eager step')
const parameters = sharedFloats(layout.length)
for (const { name, offset, length } of layout.tensors) {
  const { initialize } = model.parameters.find(parameter => parameter.name === name)!
  initialize(parameters.subarray(offset, offset + length), stream)
}
const tokens = () => Int32Array.from({ length: model.tokens(batchSize) }, () => stream.integer(256))
const batch = { inputs: tokens(), targets: tokens() }

interface Contestant {
  backend: string
  graph: TrainingGraph
  /** Runs of a turn; the first, on caches that another backend left, does not count if there are more. */
  runs: number
  times: number[]
}

const contestants: Contestant[] = []
for (const backend of ['cpu', 'wasm', 'javascript'] as const) {
  const engine = await createEngine({ backend, strict: true })
  const memory = { layout, parameters, gradients: sharedFloats(layout.length) }
  const graph = await engine.compileTraining(model, batchSize, memory)
  contestants.push({ backend, graph, runs: backend === 'cpu' ? 5 : 1, times: [] })
}
for (let round = -1; round < rounds; round++) {
  for (const { graph, runs, times } of contestants) {
    for (let run = 0; run < runs; run++) {
      const start = performance.now()
      await graph.lossAndGradients(batch)
      if (round >= 0 && (run > 0 || runs === 1)) times.push(performance.now() - start)
    }
  }
}
const traced = median(contestants[0]!.times)
for (const { backend, times } of contestants) {
  const middle = median(times)
  console.log(`${backend.padEnd(10)} ${middle.toFixed(1).padStart(8)} ms ${(middle / traced).toFixed(1).padStart(6)} x`)
}
