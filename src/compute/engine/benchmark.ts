import { type Arena, createArena } from '../../core/arena.ts'
import { layoutParameters } from '../../core/layout.ts'
import { median } from '../../core/median.ts'
import { random } from '../../core/random.ts'
import { type GptInit, gpt } from '../models/gpt.ts'
import { adamw } from '../optim/adamw.ts'
import { clipping } from '../optim/clip.ts'
import { GraphBuilder } from './builder.ts'
import type { BackendName, TrainingMemory } from './engine.ts'
import { onnxEngine } from './onnx-engine.ts'
import { openSession, type Session } from './session.ts'

const presets = {
  small: { model: { layers: 4, width: 128, heads: 4, context: 64, vocabulary: 256 }, batch: 8, rounds: 40 },
  medium: { model: { layers: 6, width: 384, heads: 6, context: 256, vocabulary: 512 }, batch: 4, rounds: 9 },
} satisfies Record<string, { model: GptInit; batch: number; rounds: number }>

export type BenchmarkPreset = keyof typeof presets

export interface BenchmarkStepInit {
  preset: BenchmarkPreset
  /** Threads inside one operation. Must be >= 1. */
  threads: number
}

export interface StepBenchmark {
  preset: BenchmarkPreset
  backend: BackendName
  threads: number
  /** Milliseconds of loss and gradients, median. */
  forwardBackwardMs: number
  /** Milliseconds of an AdamW update with clipping, median. */
  optimizerMs: number
  /** 6 x parameters x tokens of a step / `forwardBackwardMs`, in 10^9 a second. */
  gflops: number
  /** The same of a product of two 1024 x 1024 matrices: what the backend can reach. */
  matmulGflops: number
  /** gflops / matmulGflops */
  fraction: number
  /** Share of the update in the whole step. */
  optimizerFraction: number
  /** Milliseconds from the model's code to a session that can run. */
  compileMs: number
  /** Of one vector as long as the parameters. */
  parameterBytes: number
  /** What the step's intermediate values need at the least. */
  activationBytes: number
  /** The most memory that this process has held, all in all. */
  peakMemoryBytes: number
}

/**
 * Times a training step beside a bare matrix product, in turns so that whatever else the machine does slows both.
 */
export async function benchmarkStep({ preset, threads }: BenchmarkStepInit): Promise<StepBenchmark> {
  const { model: init, batch: batchSize, rounds } = presets[preset]
  const model = gpt(init)
  const layout = layoutParameters(model.parameters)
  const arena = createArena()
  const memory = { layout, parameters: arena.floats(layout.length), gradients: arena.floats(layout.length) }
  const stream = random('benchmark')
  for (const { name, offset, length } of layout.tensors) {
    const { initialize } = model.parameters.find(parameter => parameter.name === name)!
    initialize(memory.parameters.subarray(offset, offset + length), stream)
  }
  const tokens = () => Int32Array.from({ length: model.tokens(batchSize) }, () => stream.integer(init.vocabulary))
  const batch = { inputs: tokens(), targets: tokens() }
  const engine = onnxEngine({ threads })
  const start = performance.now()
  const graph = await engine.compileTraining(model, batchSize, memory)
  const compileMs = performance.now() - start
  const product = await openProduct(threads)
  try {
    const times = await timeInTurns(rounds, {
      step: { run: () => graph.lossAndGradients(batch), repeat: 1 },
      product: { run: () => product.run({}), repeat: 4 },
      optimizer: { run: updater(memory, arena), repeat: 1 },
    })
    const gflops = (6 * layout.length * model.tokens(batchSize)) / times.step / 1e6
    const matmulGflops = (2 * side ** 3) / times.product / 1e6
    return {
      preset,
      backend: engine.backend,
      threads,
      forwardBackwardMs: times.step,
      optimizerMs: times.optimizer,
      gflops,
      matmulGflops,
      fraction: gflops / matmulGflops,
      optimizerFraction: times.optimizer / (times.step + times.optimizer),
      compileMs,
      parameterBytes: 4 * layout.length,
      activationBytes: graph.activationBytes ?? 0,
      peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
    }
  } finally {
    await graph.release()
    await product.release()
  }
}

const side = 1024

function openProduct(threads: number): Promise<Session> {
  const build = new GraphBuilder()
  const type = { shape: [side, side], dtype: 'float32' } as const
  const [a, b] = [build.input('a', type), build.input('b', type)]
  const output = build.add('MatMul', [a, b], { transposeA: false, transposeB: false })
  const memory = () => new Float32Array(side * side).fill(0.5)
  const graph = build.finish(new Map([['product', output]]))
  return openSession(graph, { a: memory(), b: memory(), product: memory() }, { provider: 'cpu', threads })
}

function updater({ layout, parameters, gradients }: TrainingMemory, arena: Arena): () => void {
  const optimizer = adamw(layout)
  const state = optimizer.state.map(() => arena.floats(layout.length))
  let age = 0
  return () => optimizer.update(parameters, gradients, state, 1e-6, age++, clipping(gradients, 1).scale)
}

interface Task {
  run(): unknown
  /** Runs in a row each turn; the first, on caches that another task left, is not counted if there are more. */
  repeat: number
}

/** Median milliseconds of a run of each task, over `rounds` turns after one that is not counted. */
async function timeInTurns<Name extends string>(
  rounds: number,
  tasks: Readonly<Record<Name, Task>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(tasks) as Name[]
  const times = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const { run, repeat } = tasks[name]
      for (let i = 0; i < repeat; i++) {
        const start = performance.now()
        await run()
        if (round >= 0 && (i > 0 || repeat === 1)) times[name].push(performance.now() - start)
      }
    }
  }
  return Object.fromEntries(names.map(name => [name, median(times[name])])) as Record<Name, number>
}
