import { writeFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { MurmurError } from '../../core/errors.ts'
import { isErrno, storageError } from '../../core/storage.ts'
import type { ModelKind } from '../../peer/specification/documents.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'

// Written out: the specification's schema is loaded when it is needed.
const MODELS = ['gpt', 'mlp', 'cnn', 'module'] satisfies ModelKind[]

export function addInit(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'init',
    summary: 'write a commented run.yaml with every key and its default',
    examples: [
      ['murmur init', 'write run.yaml in this folder'],
      ['murmur init runs/shakespeare.yaml', 'write it elsewhere'],
      ['murmur init --model cnn', 'for another kind of model and the data it needs'],
      ['murmur init -', 'print it'],
    ],
  })
    .argument('[path]', 'where to write it; - is stdout', 'run.yaml')
    .addOption(new Option('--model <kind>', 'what to train').choices(MODELS).default('gpt'))
    .option('--force', 'overwrite the file if it exists')
    .action(run(init))
}

interface InitOptions {
  model: ModelKind
  force?: boolean
}

async function init({ output }: CommandContext, { model, force = false }: InitOptions, path: string): Promise<void> {
  const { commentedSpecification } = await import('../../peer/specification/documents.ts')
  const text = commentedSpecification(model)
  if (path === '-') {
    output.result({ specification: text }, () => text.trimEnd())
    return
  }
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? fileExists(path) : storageError('write', path, error)
  }
  output.result({ path }, () => `Wrote ${path}; start a run with: murmur start ${path}`)
}

function fileExists(path: string): MurmurError {
  return new MurmurError({ code: 'USAGE', message: `${path} exists; --force overwrites it`, details: { path } })
}
