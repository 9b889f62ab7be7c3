import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import type { StoredTensor } from './safetensors.ts'

/** How `models/gpt.ts` computes, in the words and with the defaults of transformers' GPT2Config. */
export const knownFunction = { activation_function: 'gelu_new', layer_norm_epsilon: 1e-5 }

/** The part of a GPT2Config that no tensor's shape tells. */
const configSchema = z.object({
  n_head: z.int().min(1),
  activation_function: z.string().default(knownFunction.activation_function),
  layer_norm_epsilon: z.number().default(knownFunction.layer_norm_epsilon),
})

const ownSchema = z.object({ model: z.object({ heads: z.int().min(1) }) })

/** What no tensor's shape tells of the model that weights are of. */
export type ModelFunction = z.output<typeof configSchema>

/**
 * What the `config.json` beside a file of weights says, or the specification in a checkpoint's metadata; undefined where
 * there is nothing of a GPT-2.
 */
export async function readModelFunction(
  path: string,
  metadata: Readonly<Record<string, string>>,
): Promise<ModelFunction | undefined> {
  const config = await readFile(join(dirname(path), 'config.json'), 'utf8').catch(() => undefined)
  try {
    if (metadata.specification === undefined)
      return config === undefined ? undefined : configSchema.parse(JSON.parse(config))
    const { model } = ownSchema.parse(JSON.parse(metadata.specification))
    return { ...knownFunction, n_head: model.heads }
  } catch {
    return undefined // of another kind of model: the tensors tell what does not fit
  }
}

/** Width of an attention head in every GPT-2 (Radford et al. 2019): a guess where nothing says how many there are. */
const HEAD_WIDTH = 64

/** The end of a sentence: the `model:` settings that a GPT-2's tensors fit; nothing where they are none. */
export function fittingSettings(tensors: ReadonlyMap<string, StoredTensor>, known: ModelFunction | undefined): string {
  const [vocabulary, width] = tensors.get('wte.weight')?.shape ?? []
  const [context] = tensors.get('wpe.weight')?.shape ?? []
  const layers = [...tensors.keys()].filter(name => /^h\.\d+\.ln_1\.weight$/.test(name)).length
  if (!vocabulary || !width || !context || layers === 0) return ''
  const heads = known?.n_head ?? (width % HEAD_WIDTH === 0 ? width / HEAD_WIDTH : 1)
  return `; it fits model: {kind: gpt, layers: ${layers}, width: ${width}, heads: ${heads}, context: ${context}} and a tokenizer of ${vocabulary} tokens`
}
