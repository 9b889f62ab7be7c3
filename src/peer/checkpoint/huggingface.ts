import { type FileHandle, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MurmurError } from '../../core/errors.ts'
import { replaceFile } from '../../core/replace-file.ts'
import { makeDirectory, storageError, syncDirectory } from '../../core/storage.ts'
import type { RunSpecification } from '../specification/schema.ts'
import type { CheckpointState } from './checkpoint-file.ts'
import { knownFunction } from './fitting-settings.ts'
import { encodeHeader, type StoredTensor } from './safetensors.ts'

export interface HuggingFaceModel {
  model: RunSpecification['model']
  state: Pick<CheckpointState, 'tensors' | 'parameters'>
  /** Content of the tokenizer.json. */
  tokenizer: Uint8Array
  /** The token that ends a text, where the tokenizer has one. */
  endOfText?: number
}

/** Files of the folder, in the order in which they are written: whoever sees the last one sees all. */
const FILES = { tokenizer: 'tokenizer.json', tokenizerConfig: 'tokenizer_config.json', config: 'config.json' }
const WEIGHTS = 'model.safetensors'

/**
 * Writes a folder that `GPT2LMHeadModel.from_pretrained` and `AutoTokenizer.from_pretrained` of transformers load.
 * @returns the paths written
 * @throws MurmurError `USAGE` for a model that is no gpt, `STORAGE_FAILED`
 */
export async function writeHuggingFace(directory: string, content: HuggingFaceModel): Promise<string[]> {
  const { model, state, tokenizer, endOfText } = content
  if (model.kind !== 'gpt') {
    const message = `Expected a checkpoint of a gpt, which transformers knows as GPT-2, got one of kind ${model.kind}`
    throw new MurmurError({ code: 'USAGE', message, details: { kind: model.kind } })
  }
  const [vocabulary = 0] = state.tensors.find(({ name }) => name === 'wte.weight')?.shape ?? []
  const texts = {
    [FILES.tokenizer]: tokenizer,
    [FILES.tokenizerConfig]: json({
      tokenizer_class: 'PreTrainedTokenizerFast',
      model_max_length: model.context,
      clean_up_tokenization_spaces: false,
    }),
    [FILES.config]: json(gpt2Config(model, vocabulary, endOfText)),
  }
  try {
    await makeDirectory(directory)
    for (const [name, text] of Object.entries(texts)) {
      await replaceFile(join(directory, name), path => writeFile(path, text, { flush: true }))
    }
    await replaceFile(join(directory, WEIGHTS), path => writeWeights(path, state))
    await syncDirectory(directory)
  } catch (error) {
    throw storageError('write the model to', directory, error)
  }
  return [...Object.keys(texts), WEIGHTS].map(name => join(directory, name))
}

/** What transformers' GPT2Config says of a model as `models/gpt.ts` has it. */
function gpt2Config(
  { layers, width, heads, context }: Extract<RunSpecification['model'], { kind: 'gpt' }>,
  vocabulary: number,
  endOfText: number | null = null,
): object {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    ...knownFunction,
    vocab_size: vocabulary,
    n_positions: context,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    n_inner: null,
    resid_pdrop: 0,
    embd_pdrop: 0,
    attn_pdrop: 0,
    initializer_range: 0.02,
    tie_word_embeddings: true,
    bos_token_id: endOfText,
    eos_token_id: endOfText,
    torch_dtype: 'float32',
  }
}

async function writeWeights(
  path: string,
  { tensors, parameters }: { tensors: readonly StoredTensor[]; parameters: Float32Array },
): Promise<void> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'w')
    await file.writeFile(encodeHeader({ tensors, metadata: { format: 'pt' } }))
    await file.writeFile(new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength))
    await file.sync()
  } finally {
    await file?.close()
  }
}

function json(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}
