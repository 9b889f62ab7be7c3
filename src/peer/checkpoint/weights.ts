import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelConfig } from '../../compute/models/registry.ts'
import type { MurmurError } from '../../core/errors.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import { storageError } from '../../core/storage.ts'
import { allFinite } from '../../core/vector.ts'
import { fittingSettings, knownFunction, type ModelFunction, readModelFunction } from './fitting-settings.ts'
import { elements, invalidCheckpoint, type PlacedTensor, type TensorDtype } from './safetensors.ts'
import { readAll, readHeader } from './safetensors-file.ts'

/** The weights of a model in a safetensors file: of Hugging Face's GPT-2, or a checkpoint of another run. */
export interface Weights {
  readonly path: string
  /**
   * Fills `into` with the values of the layout's tensors, as float32.
   * @throws MurmurError `CHECKPOINT_INVALID` naming the first tensor that does not fit, `STORAGE_FAILED`
   */
  read(layout: ParameterLayout, into: Float32Array): Promise<void>
}

/** Values converted at a time. */
const CHUNK = 1 << 20

/** How the values of each dtype that weights come in become float32. */
const converters: Partial<
  Record<TensorDtype, { bytes: number; convert(bytes: Uint8Array, into: Float32Array): void }>
> = {
  F32: { bytes: 4, convert: (bytes, into) => into.set(new Float32Array(bytes.buffer, 0, into.length)) },
  F16: { bytes: 2, convert: (bytes, into) => into.set(new Float16Array(bytes.buffer, 0, into.length)) },
  // The upper half of a float32.
  BF16: {
    bytes: 2,
    convert: (bytes, into) => {
      const halves = new Uint16Array(bytes.buffer, 0, into.length)
      const words = new Uint32Array(into.buffer, into.byteOffset, into.length)
      for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16
    },
  },
}

/**
 * Looks at a file of weights, `model.safetensors` in a folder, or the newest checkpoint of a run directory, and at what is known of its model.
 * @throws MurmurError `CHECKPOINT_INVALID` when it is cut short, no safetensors file, or of a model that computes otherwise;
 *   `STORAGE_FAILED`
 */
export async function openWeights(path: string, model: ModelConfig): Promise<Weights> {
  try {
    const file = await weightsFile(path)
    const { metadata, tensors } = await withFile(file, async handle => (await readHeader(handle, file)).header)
    const weights = new WeightsFile(file, tensors, await readModelFunction(file, metadata))
    weights.requireSameFunction(model)
    return weights
  } catch (error) {
    throw storageError('read the weights', path, error)
  }
}

/** Of a folder `model.safetensors`, or of a run directory its newest checkpoint. */
async function weightsFile(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path
  for (const folder of [path, join(path, 'checkpoints')]) {
    const names = await readdir(folder).catch((): string[] => []) // what is missing is told of the file below
    if (names.includes('model.safetensors')) return join(folder, 'model.safetensors')
    const newest = names
      .filter(name => /^checkpoint-\d+\.safetensors$/.test(name))
      .toSorted()
      .at(-1)
    if (newest) return join(folder, newest)
  }
  return join(path, 'model.safetensors')
}

class WeightsFile implements Weights {
  readonly path: string
  /** By the names that a layout has for them. */
  readonly #tensors: ReadonlyMap<string, PlacedTensor>

  readonly #function: ModelFunction | undefined

  constructor(path: string, tensors: readonly PlacedTensor[], modelFunction: ModelFunction | undefined) {
    this.path = path
    this.#function = modelFunction
    this.#tensors = new Map(tensors.flatMap(tensor => ownNames(tensor.name).map(name => [name, tensor])))
  }

  async read(layout: ParameterLayout, into: Float32Array): Promise<void> {
    this.#requireFitting(layout)
    try {
      await withFile(this.path, async file => {
        const { start } = await readHeader(file, this.path)
        for (const { name, offset, length } of layout.tensors) {
          const tensor = this.#tensors.get(name)!
          await this.#readTensor(file, start + tensor.begin, tensor, into.subarray(offset, offset + length))
        }
        await this.#requireTied(file, start, layout, into)
      })
    } catch (error) {
      throw storageError('read the weights', this.path, error)
    }
  }

  /** As many heads, the same activation and norm: no shape tells. */
  requireSameFunction(model: ModelConfig): void {
    if (model.kind !== 'gpt' || !this.#function) return
    const expected: ModelFunction = { ...knownFunction, n_head: model.heads }
    for (const key of Object.keys(expected) as (keyof ModelFunction)[]) {
      const found = this.#function[key]
      if (found !== expected[key]) throw this.#misfit(`it was made with ${key} ${found}, expected ${expected[key]}`)
    }
  }

  #misfit(problem: string): MurmurError {
    return invalidCheckpoint(this.path, problem + fittingSettings(this.#tensors, this.#function))
  }

  #requireFitting(layout: ParameterLayout): void {
    const wanted = new Set(layout.tensors.map(({ name }) => name))
    for (const { name, shape } of layout.tensors) {
      const found = this.#tensors.get(name)
      if (found?.shape.join() === shape.join()) continue
      throw this.#misfit(`expected tensor ${name} [${shape}], found ${found ? `[${found.shape}]` : 'none'}`)
    }
    const strange = [...this.#tensors.keys()].find(name => !wanted.has(name) && name !== HEAD)
    if (strange !== undefined) throw this.#misfit(`the model has no tensor ${strange}`)
  }

  async #readTensor(file: FileHandle, position: number, { name, dtype }: PlacedTensor, into: Float32Array) {
    const converter = converters[dtype]
    if (!converter) {
      const known = Object.keys(converters).join(', ')
      throw invalidCheckpoint(this.path, `expected tensor ${name} to have one of the dtypes ${known}, found ${dtype}`)
    }
    const bytes = new Uint8Array(Math.min(CHUNK, into.length) * converter.bytes)
    for (let done = 0; done < into.length; done += CHUNK) {
      const values = into.subarray(done, done + CHUNK)
      await readAll(
        file,
        bytes.subarray(0, values.length * converter.bytes),
        position + done * converter.bytes,
        this.path,
      )
      converter.convert(bytes, values)
      if (!allFinite(values)) throw invalidCheckpoint(this.path, `tensor ${name} has values that are not finite`)
    }
  }

  /** The model uses the token embedding as its head: a head of its own would be lost without a word. */
  async #requireTied(file: FileHandle, start: number, layout: ParameterLayout, parameters: Float32Array) {
    const head = this.#tensors.get(HEAD)
    const embedding = layout.tensors.find(({ name }) => name === EMBEDDING)
    if (!head || !embedding) return
    const values = new Float32Array(elements(head.shape))
    await this.#readTensor(file, start + head.begin, head, values)
    const own = parameters.subarray(embedding.offset, embedding.offset + embedding.length)
    if (values.length === own.length && values.every((value, i) => value === own[i])) return
    throw invalidCheckpoint(
      this.path,
      `expected ${HEAD} to equal ${EMBEDDING}, as the model has one tensor for both, found others`,
    )
  }
}

const HEAD = 'lm_head.weight'
const EMBEDDING = 'wte.weight'

/**
 * What the model calls a tensor of the file: GPT-2 with a head has the prefix `transformer.`; its causal masks and an
 * optimizer's state are no parameters.
 */
function ownNames(name: string): string[] {
  const own = name.replace(/^transformer\./, '')
  return /^h\.\d+\.attn\.(masked_)?bias$/.test(own) || own.startsWith('optimizer.') ? [] : [own]
}

async function withFile<T>(path: string, task: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r')
  try {
    return await task(file)
  } finally {
    await file.close()
  }
}
