import { resolve } from 'node:path'
import type { Command } from 'commander'
import { integer } from '../arguments.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { addComputeOptions, type ComputeOptions, computeInit } from '../compute-options.ts'
import { formatCount, formatLoss, formatMetrics } from '../format.ts'

interface EvaluateOptions extends ComputeOptions {
  data?: string[]
  model?: string
  batches?: number
}

export function addEvaluate(program: Command, run: Runner): void {
  const command = addCommand(program, {
    name: 'evaluate',
    summary: 'measure the validation loss and metrics of a checkpoint',
    description:
      'On the validation data of its run: the same on every machine that has the same data. Models with different tokenizers compare by their bits per byte.',
    examples: [
      ['murmur evaluate runs/murmuration', 'the newest checkpoint of a run directory'],
      ['murmur evaluate --batches 100 --json runs/murmuration', 'more exactly, for a program'],
      ['murmur evaluate --data texts -- runs/murmuration', 'where the data is kept elsewhere'],
    ],
  })
    .argument('<checkpoint>', 'a run directory, a folder of checkpoints or a .safetensors file')
    .option('--data <path...>', 'where the data is, if not where the specification says')
    .option('--model <path>', "the file of the run's own model, if it is not where the specification says")
    .option('--batches <n>', "size of the validation set in batches (default: the specification's)", integer(1))
  addComputeOptions(command).action(run(evaluate))
}

async function evaluate(context: CommandContext, options: EvaluateOptions, path: string): Promise<void> {
  const { output, signal } = context
  const { openCheckpoint, requireParameters } = await import('../open-checkpoint.ts')
  const { buildTrainer } = await import('../../compute/trainer/build-trainer.ts')
  const { showTokenising } = await import('../progress/tokenising.ts')
  const { trainerConfig } = await import('../../peer/launch.ts')

  const opened = await openCheckpoint(path, output)
  const { path: checkpoint, state, specification } = opened
  const config = trainerConfig(
    { specification, partition: 0, stream: undefined, tokenizer: opened.tokenizer },
    { data: options.data, model: options.model && resolve(options.model), compute: computeInit(options) },
  )
  const trainer = await showTokenising(output, onTokenising =>
    buildTrainer(
      { ...config, validationBatches: options.batches ?? config.validationBatches },
      { signal, onTokenising, onNotice: ({ message }) => output.warn(message) },
    ),
  )
  try {
    signal.throwIfAborted()
    requireParameters(opened, trainer.layout)
    await trainer.adopt(state.parameters, state.step)
    const { step, loss, metrics, tokens } = await trainer.evaluate()
    signal.throwIfAborted()
    const text = specification.data.kind === 'text'
    const { bytesPerToken } = trainer.description
    const derived: Record<string, number> = {
      ...(text && { perplexity: Math.exp(loss) }),
      ...(bytesPerToken && { bitsPerByte: loss / Math.LN2 / bytesPerToken }),
    }
    output.result({ checkpoint, step, validationLoss: loss, ...derived, metrics, tokens }, () => {
      const { perplexity, bitsPerByte } = derived
      return [
        `validation loss ${formatLoss(loss)}${perplexity ? ` nats per token (perplexity ${perplexity.toFixed(2)})` : ''}${formatMetrics(metrics)}`,
        bitsPerByte && `${bitsPerByte.toFixed(4)} bits per byte of text`,
        `at step ${step}, over ${formatCount(tokens)} ${text ? 'tokens' : 'examples'}`,
      ]
        .filter(Boolean)
        .join('\n')
    })
  } finally {
    await trainer.close()
  }
}
