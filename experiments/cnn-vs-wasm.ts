/**
 * Claim: a training step of a small convolutional network is at least 20 times faster as a traced graph than operation by
 * operation on tfjs's WebAssembly backend (SIMD), both on one thread. Some of that backend's gradients are not its own
 * (docs/backends.md), so evaluation, for which it has everything, is timed too.
 * Random images of MNIST's size: their values do not matter to speed. Prints a table and, last, one JSON object.
 *
 *   npx node experiments/cnn-vs-wasm.ts [batch] [rounds of steps]
 */
import { eagerEngine } from '../src/compute/engine/eager/eager-engine.ts'
import type { TrainingGraph } from '../src/compute/engine/engine.ts'
import { onnxEngine } from '../src/compute/engine/onnx-engine.ts'
import { cnn } from '../src/compute/models/cnn.ts'
import { layoutParameters } from '../src/core/layout.ts'
import { median } from '../src/core/median.ts'
import { sharedFloats } from '../src/core/parameters.ts'
import { random } from '../src/core/random.ts'

const [batchSize = 32, rounds = 3] = process.argv.slice(2).map(Number)
const [rows, columns, classes] = [28, 28, 10]
const model = cnn({ shape: [rows, columns, 1], channels: [16, 32], kernel: 5, hidden: [128], classes })
const layout = layoutParameters(model.parameters)

function memory() {
  const parameters = sharedFloats(layout.length)
  for (const { name, offset, length } of layout.tensors) {
    const parameter = model.parameters.find(each => each.name === name)!
    parameter.initialize(parameters.subarray(offset, offset + length), random(name))
  }
  return { layout, parameters, gradients: sharedFloats(layout.length) }
}

const stream = random('cnn-vs-wasm')
const batch = {
  inputs: Float32Array.from({ length: batchSize * rows * columns }, () => stream.next()),
  targets: Int32Array.from({ length: batchSize }, () => stream.integer(classes)),
}
const [ours, theirs] = [memory(), memory()]
const arms: Record<'traced' | 'wasm', TrainingGraph> = {
  traced: await onnxEngine({ threads: 1 }).compileTraining(model, batchSize, ours),
  wasm: await (await eagerEngine('wasm')).compileTraining(model, batchSize, theirs),
}

const tasks = {
  step: (graph: TrainingGraph) => graph.lossAndGradients(batch),
  evaluation: (graph: TrainingGraph) => graph.evaluate(batch),
}

async function compare(task: (graph: TrainingGraph) => Promise<unknown>, rounds: number) {
  const times = { traced: [] as number[], wasm: [] as number[] }
  for (let round = -1; round < rounds; round++) {
    // In turns, so that whatever else the machine does slows both; the first round warms up.
    for (const arm of ['traced', 'wasm'] as const) {
      const start = performance.now()
      await task(arms[arm])
      if (round >= 0) times[arm].push(performance.now() - start)
    }
  }
  return {
    tracedMs: median(times.traced),
    wasmMs: median(times.wasm),
    ratio: median(times.wasm.map((ms, i) => ms / times.traced[i]!)),
  }
}

const [step, evaluation] = [await compare(tasks.step, rounds), await compare(tasks.evaluation, 10 * rounds)]
const largest = ours.gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
const difference = ours.gradients.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs.gradients[i]!)), 0)
const gradientDifference = difference / largest
console.log('            traced ms  wasm ms  ratio')
for (const [name, { tracedMs, wasmMs, ratio }] of Object.entries({ step, evaluation })) {
  console.log(
    `${name.padEnd(10)}  ${tracedMs.toFixed(1).padStart(9)}  ${wasmMs.toFixed(0).padStart(7)}  ${ratio.toFixed(1).padStart(5)}`,
  )
}
console.log(`gradients differ by ${gradientDifference.toExponential(1)} of the largest`)
console.log(JSON.stringify({ batchSize, rounds, parameters: layout.length, step, evaluation, gradientDifference }))
for (const graph of Object.values(arms)) await graph.release()
