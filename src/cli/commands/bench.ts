import { type Command, Option } from 'commander'
import type { BenchmarkPreset } from '../../compute/engine/benchmark.ts'
import { integer } from '../arguments.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { MOST_THREADS } from '../compute-options.ts'
import { formatBytes, formatPercent } from '../format.ts'
import { table } from '../table.ts'

/** `murmur bench <what>`: each benchmark is a command of its own below it. */
export function addBench(program: Command, run: Runner): void {
  const bench = program
    .command('bench')
    .summary('measure what this machine reaches')
    .description('Measures what this machine reaches, each time beside the bare operation in the same run.')
  addBenchStep(bench, run)
  addBenchExchange(bench, run)
  addBenchVector(bench, run)
}

interface StepOptions {
  preset: BenchmarkPreset
  threads: number
}

function addBenchStep(bench: Command, run: Runner): void {
  addCommand(bench, {
    name: 'step',
    summary: 'a training step beside a bare matrix product',
    description: 'Counts 6 x parameters x tokens operations a step. The matrix product is 1024 x 1024 by 1024 x 1024.',
    examples: [
      ['murmur bench step', 'a GPT of 0.8 M parameters on one thread'],
      ['murmur bench step --preset medium --threads 2 --json', '10.9 M parameters on two, for a program'],
    ],
  })
    .addOption(new Option('--preset <name>', 'which model').choices(['small', 'medium']).default('small'))
    .option('--threads <n>', 'threads inside one operation', integer(1, MOST_THREADS), 1)
    .action(run(benchStep))
}

async function benchStep({ output, signal }: CommandContext, { preset, threads }: StepOptions): Promise<void> {
  const { benchmarkStep } = await import('../../compute/engine/benchmark.ts')
  output.line(`Timing the ${preset} model on ${threads === 1 ? 'one thread' : `${threads} threads`}`)
  const result = await benchmarkStep({ preset, threads })
  signal.throwIfAborted()
  output.result(result, () => {
    const { backend, forwardBackwardMs, optimizerMs, gflops, matmulGflops, fraction } = result
    const { optimizerFraction, compileMs, parameterBytes, activationBytes, peakMemoryBytes } = result
    return [
      `${backend}: ${forwardBackwardMs.toFixed(1)} ms forward and backward, ${optimizerMs.toFixed(2)} ms update (${formatPercent(optimizerFraction)} of the step)`,
      `${gflops.toFixed(1)} GFLOP/s, ${formatPercent(fraction)} of the ${matmulGflops.toFixed(1)} of a matrix product`,
      `compiled in ${compileMs.toFixed(0)} ms; ${formatBytes(peakMemoryBytes)} of memory, with ${formatBytes(parameterBytes)} of parameters and ${formatBytes(activationBytes)} of activations`,
    ].join('\n')
  })
}

interface ExchangeOptions {
  parameters: number
}

function addBenchExchange(bench: Command, run: Runner): void {
  addCommand(bench, {
    name: 'exchange',
    summary: 'a pairwise exchange beside a bare libp2p stream',
    description:
      'Two processes on 127.0.0.1. Counts the parameters moved in both directions at four bytes each, whatever the codec.',
    examples: [
      ['murmur bench exchange', 'ten million parameters'],
      ['murmur bench exchange --parameters 1000000 --json', 'one million, for a program'],
    ],
  })
    .option('--parameters <n>', 'parameters to exchange', integer(1000, 500_000_000), 10_000_000)
    .action(run(benchExchange))
}

async function benchExchange({ output, signal }: CommandContext, { parameters }: ExchangeOptions): Promise<void> {
  const { benchmarkExchange } = await import('../bench/exchange.ts')
  output.line(`Exchanging ${parameters} parameters between two processes`)
  const result = await benchmarkExchange(parameters, signal)
  output.result(result, () => {
    const { bareStreamMBps, float32, int8 } = result
    const line = (name: string, { MBps, fraction }: typeof float32) =>
      `${name.padEnd(12)}${MBps.toFixed(0)} MB/s of parameters, ${formatPercent(fraction)} of the bare stream`
    return [`bare stream ${bareStreamMBps.toFixed(0)} MB/s`, line('float32', float32), line('int8', int8)].join('\n')
  })
}

interface VectorOptions {
  values: number
}

function addBenchVector(bench: Command, run: Runner): void {
  addCommand(bench, {
    name: 'vector',
    summary: 'loops over parameter vectors beside memory bandwidth',
    description:
      'Times each loop in plain TypeScript and in WebAssembly SIMD. Bandwidth is the better of a copy and a triad (a = b + s c) over vectors of the same size, counting what is read and what is written.',
    examples: [
      ['murmur bench vector', 'vectors of ten million values, larger than caches'],
      ['murmur bench vector --json', 'the same, for a program'],
    ],
  })
    .option('--values <n>', 'values of a vector', integer(1000, 100_000_000), 10_000_000)
    .action(run(benchVector))
}

async function benchVector({ output, signal }: CommandContext, { values }: VectorOptions): Promise<void> {
  const { benchmarkVector } = await import('../bench/vector.ts')
  output.line(`Timing loops over vectors of ${values} values`)
  const result = await benchmarkVector(values, signal)
  output.result(result, () => {
    const { bandwidthGBps, copyGBps, triadGBps, loops } = result
    const rows = Object.entries(loops).map(([name, { plainNs, simdNs, bytes, GBps, fraction }]) => [
      ...[name, `${plainNs.toFixed(2)} ns`, `${simdNs.toFixed(2)} ns`, bytes.toFixed(1)],
      ...[`${GBps.toFixed(1)} GB/s`, formatPercent(fraction)],
    ])
    return [
      `bandwidth ${bandwidthGBps.toFixed(1)} GB/s (copy ${copyGBps.toFixed(1)}, triad ${triadGBps.toFixed(1)})`,
      ...table(['a value', 'plain', 'SIMD', 'bytes', 'SIMD moves', 'of bandwidth'], rows),
    ].join('\n')
  })
}
