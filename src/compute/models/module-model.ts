import { type Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { withMathRandom } from '../../core/math-random.ts'
import { random } from '../../core/random.ts'
import type { DataDescription } from '../data/source.ts'
import { onBackend } from '../engine/active-backend.ts'
import { loadJavascript } from '../engine/eager/javascript.ts'
import { importTfjs } from '../engine/import-tfjs.ts'
import type { ModuleExports } from './load-module.ts'
import type { InputSpec, Measured, Model, ModelParameter, NamedTensors } from './model.ts'
import { dataInputs, type ModelData, modelData } from './module-data.ts'
import { callExport, moduleError, optionalFunction } from './module-error.ts'
import { withLogits } from './sequence-model.ts'

/** A parameter as a module's `init` lists it. Without a `group` of its own it is one. */
export type ModuleParameter = Omit<ModelParameter, 'group'> & Partial<Pick<ModelParameter, 'group'>>

/** Third argument of a module's `loss`. */
export interface Mode {
  /** False in evaluation: leave out what belongs to training alone, such as dropout. */
  training: boolean
}

type Init = (data: ModelData) => readonly ModuleParameter[]
type Loss = (parameters: NamedTensors, batch: NamedTensors, mode: Mode) => Scalar
type Metrics = (parameters: NamedTensors, batch: NamedTensors) => Readonly<Record<string, Scalar>>
type Logits = (parameters: NamedTensors, tokens: Tensor) => Tensor

export interface ModuleModelInit {
  /** For messages. */
  file: string
  data: DataDescription
  /** Tokens in a window of text. */
  context: number
  /** Names the values that layers draw when a LayersModel is made. */
  seed: number
}

/**
 * The model that a module exports: either `init` and `loss`, or `createModel`. docs/models.md is the contract.
 * @throws MurmurError `MODEL_INVALID`
 */
export async function moduleModel(exports: ModuleExports, init: ModuleModelInit): Promise<Model> {
  const { file } = init
  await importTfjs('public/chained_ops/register_all_chained_ops.js') // x.add(y); some of tfjs-layers needs them
  const data = modelData(init.data, init.context)
  const suits = exports.data
  if (suits !== undefined && suits !== data.kind) {
    throw moduleError(file, `it exports \`data\` as ${String(suits)}, and the run's data.kind is ${data.kind}`)
  }
  if (typeof exports.createModel === 'function') {
    const create = exports.createModel as (data: ModelData) => LayersModel
    await loadJavascript()
    const { isLayersModel, layersModel } = await import('./layers-model.ts')
    const made = callExport(file, 'createModel', () =>
      withMathRandom(random(init.seed).fork('model'), () => onBackend('cpu', () => create(data))),
    )
    if (!isLayersModel(made)) throw moduleError(file, 'expected `createModel` to return a tf.LayersModel')
    return layersModel(made, exports, { file, data })
  }
  const parameters = readParameters(exports, file, data)
  if (typeof exports.loss !== 'function') throw moduleError(file, 'expected it to export a function `loss`')
  const functions = { loss: exports.loss as Loss, metrics: optionalFunction<Metrics>(exports, 'metrics', file) }
  const model = new PlainModel(functions, parameters, file, data)
  const logits = optionalFunction<Logits>(exports, 'logits', file)
  return logits ? withLogits(model, (...args) => callExport(file, 'logits', () => logits(...args)), data) : model
}

function readParameters(exports: ModuleExports, file: string, data: ModelData): ModelParameter[] {
  if (typeof exports.init !== 'function') {
    throw moduleError(file, 'expected it to export `init` and `loss`, or `createModel`')
  }
  const listed: unknown = callExport(file, 'init', () => (exports.init as Init)(data))
  if (!Array.isArray(listed) || listed.length === 0) {
    throw moduleError(file, 'expected `init` to return a list of at least one {name, shape, initialize}')
  }
  const names = new Set<string>()
  return listed.map((parameter: Partial<ModuleParameter> | undefined, i) => {
    const { name, shape, initialize, group = i } = parameter ?? {}
    if (typeof name !== 'string' || name === '' || names.has(name)) {
      throw moduleError(file, `expected every parameter of \`init\` to have a name of its own, got ${String(name)}`)
    }
    if (!Array.isArray(shape) || !shape.every(size => Number.isInteger(size) && size >= 1)) {
      throw moduleError(file, `expected the shape of the parameter ${name} to be a list of integers >= 1`)
    }
    if (typeof initialize !== 'function') {
      throw moduleError(file, `expected the parameter ${name} to have a function \`initialize(values, random)\``)
    }
    names.add(name)
    return { name, shape: [...(shape as number[])], group, initialize }
  })
}

class PlainModel implements Model {
  readonly parameters: readonly ModelParameter[]
  readonly #functions: { loss: Loss; metrics: Metrics | undefined }
  readonly #file: string
  readonly #data: ModelData

  constructor(
    functions: { loss: Loss; metrics: Metrics | undefined },
    parameters: readonly ModelParameter[],
    file: string,
    data: ModelData,
  ) {
    this.#functions = functions
    this.parameters = parameters
    this.#file = file
    this.#data = data
  }

  inputs(batchSize: number): InputSpec[] {
    return dataInputs(this.#data, batchSize)
  }

  tokens(batchSize: number): number {
    return this.#data.kind === 'text' ? batchSize * this.#data.context : batchSize
  }

  loss(parameters: NamedTensors, batch: NamedTensors): Scalar {
    const read = new Set<string>()
    const loss = this.#lossOf(this.#guarded(parameters, read), batch, true)
    const unused = this.parameters.find(({ name }) => !read.has(name))
    if (unused) throw moduleError(this.#file, `\`loss\` does not use the parameter ${unused.name} that \`init\` lists`)
    return loss
  }

  evaluate(parameters: NamedTensors, batch: NamedTensors): Measured {
    const { metrics } = this.#functions
    const guarded = this.#guarded(parameters)
    const measured = metrics && callExport(this.#file, 'metrics', () => metrics(guarded, batch))
    for (const [name, value] of Object.entries(measured ?? {})) this.#requireScalar(`metrics.${name}`, value)
    return { ...measured, loss: this.#lossOf(guarded, batch, false) }
  }

  #lossOf(parameters: NamedTensors, batch: NamedTensors, training: boolean): Scalar {
    const { loss } = this.#functions
    return this.#requireScalar(
      'loss',
      callExport(this.#file, 'loss', () => loss(parameters, batch, { training })),
    )
  }

  /** The parameters, which say so when they are asked for one that `init` does not list. */
  #guarded(parameters: NamedTensors, read?: Set<string>): NamedTensors {
    return new Proxy(parameters, {
      get: (target, name) => {
        if (typeof name !== 'string') return Reflect.get(target, name)
        if (!Object.hasOwn(target, name)) {
          const known = Object.keys(target).join(', ')
          throw moduleError(this.#file, `there is no parameter ${name}; \`init\` lists ${known}`)
        }
        read?.add(name)
        return target[name]
      },
    })
  }

  #requireScalar(name: string, value: unknown): Scalar {
    if (value instanceof Tensor && value.rank === 0 && value.dtype === 'float32') return value as Scalar
    const got = value instanceof Tensor ? `${value.dtype} of shape [${value.shape}]` : typeof value
    throw moduleError(this.#file, `expected \`${name}\` to give a float32 scalar tensor, got ${got}`)
  }
}
