import { readdir, stat, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { MurmurError } from '../../core/errors.ts'
import { integer } from '../arguments.ts'
import { addCommand, type CommandContext, type Runner } from '../command.ts'
import { describeTokenizer } from '../describe-tokenizer.ts'
import { formatBytes } from '../format.ts'
import type { OpenedCheckpoint } from '../open-checkpoint.ts'
import { version } from '../version.ts'

interface ExportOptions {
  onnx?: string
  huggingface?: string
  batch?: number
  context?: number
  data?: string[]
  model?: string
  force?: boolean
}

export function addExport(program: Command, run: Runner): void {
  addCommand(program, {
    name: 'export',
    summary: 'write a checkpoint for ONNX Runtime or for Hugging Face',
    description:
      "--onnx writes an inference graph with the parameters inside, in ai.onnx's operators alone: `input_ids` (int64) -> `logits` for text, `inputs` -> `logits` for images. --huggingface writes a folder that transformers loads as GPT-2: model.safetensors, config.json, tokenizer.json.",
    examples: [
      [
        'murmur export runs/murmuration --onnx model.onnx',
        'takes batches of any size, of sequences as long as the context',
      ],
      ['murmur export runs/murmuration --onnx model.onnx --batch 1 --context 32', 'of fixed size'],
      ['murmur export runs/murmuration --huggingface model/', "for GPT2LMHeadModel.from_pretrained('model/')"],
    ],
  })
    .argument('<checkpoint>', 'a run directory, a folder of checkpoints or a .safetensors file')
    .option('--onnx <file>', 'write an inference graph for ONNX Runtime')
    .option('--huggingface <folder>', 'write a model for transformers')
    .option('--batch <n>', 'with --onnx: the only batch size that the graph takes (default: any)', integer(1))
    .option('--context <n>', "with --onnx: tokens in a sequence (default: the model's context)", integer(1))
    .option('--data <path...>', 'for models but a gpt: where the data is, if not where the specification says')
    .option('--model <path>', "the file of the run's own model, if it is not where the specification says")
    .option('--force', 'overwrite what is there')
    .action(run(exportCheckpoint))
}

async function exportCheckpoint({ output }: CommandContext, options: ExportOptions, path: string): Promise<void> {
  const { onnx, huggingface, force = false } = options
  if (onnx === undefined && huggingface === undefined) {
    throw new MurmurError({ code: 'USAGE', message: 'Expected --onnx <file> or --huggingface <folder>, got neither' })
  }
  const { openCheckpoint } = await import('../open-checkpoint.ts')
  for (const target of [onnx, huggingface]) if (target !== undefined && !force) await requireNothing(target)
  const opened = await openCheckpoint(path, output)
  const graph = onnx === undefined ? undefined : await writeOnnx(opened, onnx, options)
  const files = huggingface === undefined ? undefined : await writeFolder(opened, huggingface)
  output.result({ checkpoint: opened.path, step: opened.state.step, onnx: graph, huggingface: files }, () =>
    [
      graph && `wrote ${graph.path}, ${formatBytes(graph.bytes)}: ${graph.input} [${graph.shape.join(', ')}] -> logits`,
      ...(files?.map(file => `wrote ${file}`) ?? []),
    ]
      .filter(Boolean)
      .join('\n'),
  )
}

/** A folder may be there as long as it is empty. */
async function requireNothing(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined) // what cannot be looked at cannot be written to either
  if (!stats || (stats.isDirectory() && (await readdir(path)).length === 0)) return
  throw new MurmurError({ code: 'USAGE', message: `${path} exists; --force overwrites it`, details: { path } })
}

interface WrittenOnnx {
  path: string
  bytes: number
  input: string
  shape: (string | number)[]
}

async function writeOnnx(opened: OpenedCheckpoint, path: string, options: ExportOptions): Promise<WrittenOnnx> {
  const { exportOnnx } = await import('../../compute/engine/export-onnx.ts')
  const { replaceFile } = await import('../../core/replace-file.ts')
  const { storageError } = await import('../../core/storage.ts')
  const { inferenceOf } = await import('../checkpoint-model.ts')
  const inference = await inferenceOf(opened, options.context, options)
  const { name, model, data } = opened.specification
  const bytes = await exportOnnx(inference, {
    batch: options.batch,
    version: version(),
    metadata: {
      'murmuration.run': opened.state.runId,
      'murmuration.name': name,
      'murmuration.step': String(opened.state.step),
      'murmuration.model': JSON.stringify(model),
      ...(data.kind === 'text' && { 'murmuration.tokenizer': describeTokenizer(data.tokenizer) }),
    },
  })
  await replaceFile(path, temporary => writeFile(temporary, bytes, { flush: true })).catch((error: unknown) => {
    throw storageError('write', path, error)
  })
  const { input } = inference
  return { path, bytes: bytes.length, input: input.name, shape: [options.batch ?? 'batch', ...input.shape.slice(1)] }
}

async function writeFolder(opened: OpenedCheckpoint, folder: string): Promise<string[]> {
  const { openTokenizer, tokenizerJson } = await import('../../compute/data/open-tokenizer.ts')
  const { writeHuggingFace } = await import('../../peer/checkpoint/huggingface.ts')
  const tokenizer = opened.tokenizer ?? { kind: 'bytes' }
  const { vocabulary } = await openTokenizer(tokenizer, process.cwd())
  return await writeHuggingFace(folder, {
    model: opened.specification.model,
    state: opened.state,
    tokenizer: await tokenizerJson(tokenizer, process.cwd()),
    endOfText: tokenizer.kind === 'gpt2' ? vocabulary - 1 : undefined,
  })
}
