import { MurmurError } from '../../core/errors.ts'
import type { DataDescription } from '../data/source.ts'
import { type CnnInit, cnn } from './cnn.ts'
import { type GptInit, gpt } from './gpt.ts'
import { importModule } from './load-module.ts'
import { type MlpInit, mlp } from './mlp.ts'
import type { Model } from './model.ts'
import { moduleModel } from './module-model.ts'

/** A built-in model as the run specification has it: what follows from the data is left out. */
export type BuiltInModelConfig =
  | ({ kind: 'gpt' } & Omit<GptInit, 'vocabulary'>)
  | ({ kind: 'mlp' } & Omit<MlpInit, 'inputs' | 'classes'>)
  | ({ kind: 'cnn' } & Omit<CnnInit, 'shape' | 'classes'>)

/** A model in a file of the user's. */
interface ModuleModelConfig {
  kind: 'module'
  /** As the run specification has it. */
  module: string
  /** Hexadecimal. */
  sha256: string
  /** Tokens in a window of text. */
  context: number
}

export type ModelConfig = BuiltInModelConfig | ModuleModelConfig

export interface OpenModelInit {
  data: DataDescription
  /** The run's seed. */
  seed: number
  /** Where this machine keeps the file of a model that is a module: absolute. */
  file: string
}

/**
 * The model that `config` describes; one in a module is imported, after its hash was compared with the run's.
 * @throws MurmurError `SPECIFICATION_INVALID`, `MODEL_MISSING`, `MODEL_MISMATCH`, `MODEL_INVALID`
 */
export async function openModel(config: ModelConfig, { data, seed, file }: OpenModelInit): Promise<Model> {
  if (config.kind !== 'module') return createModel(config, data)
  const exports = await importModule({ path: file, sha256: config.sha256 })
  return await moduleModel(exports, { file, data, seed, context: config.context })
}

/**
 * The model that `config` describes, for given data.
 * @throws MurmurError `SPECIFICATION_INVALID` if the model cannot learn from this kind of data
 */
export function createModel(config: BuiltInModelConfig, data: DataDescription): Model {
  if (config.kind === 'gpt' && data.kind === 'text') {
    const { layers, width, heads, context } = config
    return gpt({ layers, width, heads, context, vocabulary: data.vocabulary })
  }
  if (config.kind === 'mlp' && data.kind === 'images') {
    return mlp({ hidden: config.hidden, inputs: data.inputs, classes: data.classes })
  }
  if (config.kind === 'cnn' && data.kind === 'images') {
    const { channels, kernel, hidden } = config
    return fittingCnn({ channels, kernel, hidden, shape: data.shape, classes: data.classes })
  }
  throw new MurmurError({
    code: 'SPECIFICATION_INVALID',
    message: `Expected \`data.kind\` to suit \`model.kind\` ${config.kind}, got ${data.kind}`,
    details: { key: 'data.kind', value: data.kind },
  })
}

/** Whether the images are large enough is known only now. */
function fittingCnn(init: CnnInit): Model {
  try {
    return cnn(init)
  } catch (cause) {
    const details = { key: 'model.channels', value: init.channels }
    throw new MurmurError({ code: 'SPECIFICATION_INVALID', message: (cause as Error).message, details, cause })
  }
}
