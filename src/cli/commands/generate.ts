import type { Command } from 'commander'
import type { Engine } from '../../compute/engine/engine.ts'
import type { TextGenerator } from '../../compute/generate/generator.ts'
import { MurmurError } from '../../core/errors.ts'
import { integer, number } from '../arguments.ts'
import type { ModelPlaces } from '../checkpoint-model.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { addEngineOptions, type EngineOptions } from '../compute-options.ts'
import type { OpenedCheckpoint } from '../open-checkpoint.ts'

interface GenerateOptions extends EngineOptions {
  prompt: string
  tokens: number
  temperature: number
  topK: number
  seed: number
  data?: string[]
  model?: string
}

export function addGenerate(program: Command, run: Runner): void {
  const command = addCommand(program, {
    name: 'generate',
    summary: 'sample text from a checkpoint',
    description: 'The same checkpoint, prompt, options and seed give the same text.',
    examples: [
      ['murmur generate runs/murmuration', 'some text'],
      ['murmur generate runs/murmuration --prompt "import { " --tokens 500 --temperature 0.5', 'a continuation'],
      ['murmur generate runs/murmuration --temperature 0', 'always the most probable token'],
    ],
  })
    .argument('<checkpoint>', 'a run directory, a folder of checkpoints or a .safetensors file')
    .option('--prompt <text>', 'what to continue', '\n')
    .option('--tokens <n>', 'how many tokens to add', integer(0), 200)
    .option('--temperature <t>', 'below 1 sharper, above 1 flatter, 0 always the most probable', number(0), 0.8)
    .option('--top-k <k>', 'sample among the k most probable only; 0 is off', integer(0), 0)
    .option('--seed <n>', 'names the random choices', integer(0), 0)
    .option('--data <path...>', 'for models but a gpt: where the data is, if not where the specification says')
    .option('--model <path>', "the file of the run's own model, if it is not where the specification says")
  addEngineOptions(command).action(run(generate))
}

async function generate(context: CommandContext, options: GenerateOptions, path: string): Promise<void> {
  const { output, signal } = context
  const { prompt, tokens: count, temperature, topK, seed } = options
  if (prompt === '') throw new MurmurError({ code: 'USAGE', message: 'Expected `--prompt` to be some text, got none' })
  const { openCheckpoint } = await import('../open-checkpoint.ts')

  const opened = await openCheckpoint(path, output)
  const generator = await openGenerator(opened, await openEngine(context, options), options)
  try {
    let text = ''
    if (!output.json) await output.stream(prompt, signal)
    for await (const piece of generator.text({ prompt, count, temperature, topK, seed }, signal)) {
      text += piece
      if (!output.json) await output.stream(piece, signal)
    }
    if (output.json)
      output.result({ checkpoint: opened.path, step: opened.state.step, prompt, text, tokens: count, seed }, () => '')
    else await output.stream('\n', signal)
  } finally {
    await generator.close()
  }
}

async function openEngine({ output, signal }: CommandContext, options: EngineOptions): Promise<Engine> {
  const { createEngine } = await import('../../compute/engine/create-engine.ts')
  const { backend, threads, strict } = options
  return await createEngine({ backend, threads, strict, signal, onNotice: ({ message }) => output.warn(message) })
}

/** Compiles the checkpoint's model for one sequence. @throws MurmurError `USAGE` if it does not write text */
async function openGenerator(opened: OpenedCheckpoint, engine: Engine, places: ModelPlaces): Promise<TextGenerator> {
  const { textGenerator } = await import('../../compute/generate/generator.ts')
  const { textModel } = await import('../checkpoint-model.ts')
  const text = await textModel(opened, places)
  if (text) return await textGenerator({ engine, ...text })
  const { kind } = opened.specification.model
  const message = `Expected a checkpoint of a model that continues text, such as a gpt, got one of kind ${kind}`
  throw new MurmurError({ code: 'USAGE', message, details: { path: opened.path, kind } })
}
