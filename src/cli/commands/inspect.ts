import type { Command } from 'commander'
import { addCommand, type CommandContext, type Runner } from '../command.ts'

interface InspectOptions {
  tensors?: boolean
}

export function addInspect(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'inspect',
    summary: 'show what a run directory or a checkpoint holds',
    description: 'Checks all of the checkpoint: a truncated or altered one is told in one line.',
    examples: [
      ['murmur inspect runs/murmuration', 'a run: its specification, progress, exchanges and newest checkpoint'],
      ['murmur inspect runs/murmuration/checkpoints/checkpoint-0000000200.safetensors', 'one checkpoint'],
      ['murmur inspect --tensors runs/murmuration', 'with a table of all tensors'],
    ],
  })
    .argument('<path>', 'a run directory, a folder of checkpoints or a .safetensors file')
    .option('--tensors', 'list every tensor')
    .action(run(inspect))
}

async function inspect({ output, signal }: CommandContext, options: InspectOptions, path: string): Promise<void> {
  const { inspectPath, renderInspection } = await import('../inspection.ts')
  const inspection = await inspectPath(path, output, signal)
  output.result(inspection, () => renderInspection(inspection, options.tensors ?? false))
}
