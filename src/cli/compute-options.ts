import type { Command } from 'commander'
import type { ComputeInit } from '../compute/trainer/build-trainer.ts'
import { integer } from './arguments.ts'

/** How this machine computes: of every command that runs a model's training graph. */
export interface ComputeOptions {
  threads: number
  microBatches: number
}

export function addComputeOptions(command: Command): Command {
  return command
    .option('--threads <n>', 'threads inside one operation', integer(1, 1024), 1)
    .option('--micro-batches <n>', "parts in which a batch's gradient is computed, to need less memory", integer(1), 1)
}

export function computeInit({ threads, microBatches }: ComputeOptions): ComputeInit {
  return { threads, microBatches }
}
