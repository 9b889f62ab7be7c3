/**
 * Claim: a traced step is many times faster than the same step on tfjs's own backends. The small GPT of
 * `murmur bench step`, or a convolutional network on images of MNIST's size; forward and backward on one thread, in
 * turns. Prints every backend's median and its ratio to the traced graph.
 *
 *   npx node experiments/eager-step.ts [gpt|cnn] [rounds]
 */
import { createEngine } from '../src/compute/engine/create-engine.ts'
import type { TrainingGraph } from '../src/compute/engine/engine.ts'
import { cnn } from '../src/compute/models/cnn.ts'
import { gpt } from '../src/compute/models/gpt.ts'
import { layoutParameters } from '../src/core/layout.ts'
import { median } from '../src/core/median.ts'
import { sharedFloats } from '../src/core/parameters.ts'
import { random } from '../src/core/random.ts'

const [kind = 'gpt', rounds = '5'] = process.argv.slice(2)
const batchSize = kind === 'cnn' ? 32 : 8
const symbols = kind === 'cnn' ? 10 : 256
const model =
  kind === 'cnn'
    ? cnn({ shape: [28, 28, 1], channels: [16, 32], kernel: 5, hidden: [128], classes: symbols })
    : gpt({ layers: 4, width: 128, heads: 4, context: 64, vocabulary: symbols })
const layout = layoutParameters(model.parameters)
const stream = random('eager step')
const parameters = sharedFloats(layout.length)
for (const { name, offset, length } of layout.tensors) {
  const { initialize } = model.parameters.find(parameter => parameter.name === name)!
  initialize(parameters.subarray(offset, offset + length), stream)
}
const batch = Object.fromEntries(
  model.inputs(batchSize).map(({ name, shape, dtype }) => {
    const length = shape.reduce((product, size) => product * size, 1)
    const values = dtype === 'int32' ? new Int32Array(length) : new Float32Array(length)
    return [name, values.map(() => (dtype === 'int32' ? stream.integer(symbols) : stream.normal()))]
  }),
)

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
for (let round = -1; round < Number(rounds); round++) {
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
