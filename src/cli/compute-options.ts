import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import { type BackendChoice, backendChoices, type Precision, precisions } from '../compute/engine/engine.ts'
import type { ComputeInit } from '../compute/trainer/trainer-config.ts'
import { integer } from './arguments.ts'

/** With many more threads than cores, an operation waits for threads that wait for a core: minutes for one step. */
export const MOST_THREADS = 4 * availableParallelism()

/** How this machine computes, of every command that runs a model. */
export interface EngineOptions {
  backend: BackendChoice
  threads: number
  strict: boolean
}

/** And of those that run its training graph. */
export interface ComputeOptions extends EngineOptions {
  precision: Precision
  microBatches: number
}

export function addEngineOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--backend <name>', 'what computes; auto is the best that works here (see murmur doctor)')
        .choices(backendChoices)
        .default('auto'),
    )
    .option('--threads <n>', 'threads inside one operation', integer(1, MOST_THREADS), 1)
    .option('--strict', 'fail where a model that cannot be traced would run on a slower backend', false)
}

export function addComputeOptions(command: Command): Command {
  return addEngineOptions(command)
    .addOption(
      new Option('--precision <kind>', 'mixed: matrix products and convolutions in float16, on webgpu and cuda')
        .choices(precisions)
        .default('float32'),
    )
    .option('--micro-batches <n>', "parts in which a batch's gradient is computed, to need less memory", integer(1), 1)
}

export function computeInit({ backend, threads, strict, precision, microBatches }: ComputeOptions): ComputeInit {
  return { backend, threads, strict, precision, microBatches }
}
