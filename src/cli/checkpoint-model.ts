import { resolve } from 'node:path'
import { openTokenizer } from '../compute/data/open-tokenizer.ts'
import { openData } from '../compute/data/source.ts'
import type { Tokenizer } from '../compute/data/tokenizer.ts'
import type { OnnxExport } from '../compute/engine/export-onnx.ts'
import { gpt } from '../compute/models/gpt.ts'
import { locateModule } from '../compute/models/load-module.ts'
import type { Model, SequenceModel } from '../compute/models/model.ts'
import { openModel } from '../compute/models/registry.ts'
import { MurmurError } from '../core/errors.ts'
import { layoutParameters, type ParameterLayout } from '../core/layout.ts'
import { sharedFloats } from '../core/parameters.ts'
import { trainerConfig } from '../peer/launch.ts'
import { type OpenedCheckpoint, requireParameters } from './open-checkpoint.ts'

/** Where this machine keeps what a checkpoint's model needs, if not where the specification says. */
export interface ModelPlaces {
  data?: readonly string[]
  /** The file of a model that is a module. */
  model?: string
}

interface OpenedModel {
  model: Model
  /** The checkpoint's parameters where an engine wants them. */
  memory: { layout: ParameterLayout; parameters: Float32Array<SharedArrayBuffer> }
}

/**
 * The model of a checkpoint that continues text; undefined for one that does not.
 * @throws MurmurError `CHECKPOINT_INVALID`, `TOKENIZER_INVALID`; see `checkpointModel`
 */
export async function textModel(
  opened: OpenedCheckpoint,
  places: ModelPlaces,
): Promise<(OpenedModel & { model: SequenceModel; tokenizer: Tokenizer }) | undefined> {
  if (!opened.tokenizer) return undefined
  const { model, memory } = await checkpointModel(opened, places)
  const tokenizer = await openTokenizer(opened.tokenizer, process.cwd())
  return isSequenceModel(model) ? { model, memory, tokenizer } : undefined
}

/**
 * What a checkpoint's model computes from an input, to be exported.
 * @param context tokens in a sequence, if not as many as the model can see
 * @throws MurmurError `USAGE` for a model that has no logits or cannot see as many tokens; see `checkpointModel`
 */
export async function inferenceOf(
  opened: OpenedCheckpoint,
  context: number | undefined,
  places: ModelPlaces,
): Promise<OnnxExport> {
  const { model, memory } = await checkpointModel(opened, places)
  const input = model.inputs(1).find(({ name }) => name === 'inputs')
  const logits = model.logits?.bind(model)
  if (!logits || !input) {
    const { kind } = opened.specification.model
    throw usage(`Expected a model that says what it infers, got one of kind ${kind}, which has no function \`logits\``)
  }
  if (!isSequenceModel(model)) {
    if (context !== undefined) throw usage('Expected `--context` for a model of sequences alone')
    return { forward: logits, input, memory }
  }
  if (context !== undefined && context > model.context) {
    throw usage(`Expected \`--context\` to be at most ${model.context}, which the model can see, got ${context}`)
  }
  return { forward: logits, input: { ...input, name: 'input_ids', shape: [1, context ?? model.context] }, memory }
}

/**
 * The model of a checkpoint. A gpt needs its tokenizer alone; of others the sizes follow from the data, which have to be
 * there.
 * @throws MurmurError `CHECKPOINT_INVALID`, `TOKENIZER_INVALID`; see `openData`, `openModel`
 */
async function checkpointModel(opened: OpenedCheckpoint, places: ModelPlaces): Promise<OpenedModel> {
  const { model: config, shards } = opened.specification
  const model = config.kind === 'gpt' ? await openGpt(opened, config) : await openWithData(opened, places)
  const layout = layoutParameters(model.parameters, shards)
  requireParameters(opened, layout)
  const parameters = sharedFloats(layout.length)
  parameters.set(opened.state.parameters)
  return { model, memory: { layout, parameters } }
}

type GptConfig = Extract<OpenedCheckpoint['specification']['model'], { kind: 'gpt' }>

async function openGpt(opened: OpenedCheckpoint, { layers, width, heads, context }: GptConfig): Promise<Model> {
  const { vocabulary } = await openTokenizer(opened.tokenizer ?? { kind: 'bytes' }, process.cwd())
  return gpt({ layers, width, heads, context, vocabulary })
}

async function openWithData({ specification, tokenizer }: OpenedCheckpoint, places: ModelPlaces): Promise<Model> {
  const peer = { specification, tokenizer, partition: 0 }
  const { model, data, batch, seed, own } = trainerConfig(peer, { data: places.data, compute: { threads: 1 } })
  const { train, describe } = await openData(data, {
    directory: own.directory,
    batchSize: batch,
    context: 'context' in model ? model.context : 0,
    partition: own.partition,
    seed,
    validationBatches: 1,
    cache: { directory: own.cache },
  })
  train.close()
  const named = model.kind === 'module' && places.model === undefined
  const file = named ? locateModule(model.module, own.directory) : resolve(own.directory, places.model ?? '')
  return await openModel(model, { data: describe(), seed, file })
}

function isSequenceModel(model: Model): model is SequenceModel {
  return 'context' in model && 'vocabulary' in model && model.logits !== undefined
}

function usage(message: string): MurmurError {
  return new MurmurError({ code: 'USAGE', message })
}
