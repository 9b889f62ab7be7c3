import { MurmurError } from '../../core/errors.ts'
import type { DataDescription } from '../data/source.ts'
import { type GptInit, gpt } from './gpt.ts'
import { type MlpInit, mlp } from './mlp.ts'
import type { Model } from './model.ts'

/** A model as the run specification has it: what follows from the data is left out. */
export type ModelConfig =
  | ({ kind: 'gpt' } & Omit<GptInit, 'vocabulary'>)
  | ({ kind: 'mlp' } & Omit<MlpInit, 'inputs' | 'classes'>)

/**
 * The model that `config` describes, for given data.
 * @throws MurmurError `SPECIFICATION_INVALID` if the model cannot learn from this kind of data
 */
export function createModel(config: ModelConfig, data: DataDescription): Model {
  if (config.kind === 'gpt' && data.kind === 'text') {
    const { layers, width, heads, context } = config
    return gpt({ layers, width, heads, context, vocabulary: data.vocabulary })
  }
  if (config.kind === 'mlp' && data.kind === 'images') {
    return mlp({ hidden: config.hidden, inputs: data.inputs, classes: data.classes })
  }
  throw new MurmurError({
    code: 'SPECIFICATION_INVALID',
    message: `Expected \`data.kind\` to suit \`model.kind\` ${config.kind}, got ${data.kind}`,
    details: { key: 'data.kind', value: data.kind },
  })
}
