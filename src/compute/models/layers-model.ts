import * as tf from '@tensorflow/tfjs-core'
import { type LayersModel, type ModelCompileArgs, model } from '@tensorflow/tfjs-layers'
import { type LayerWeight, layerWeights, type WeightPass, withWeights } from './layer-weights.ts'
import type { ModuleExports } from './load-module.ts'
import type { InputSpec, Measured, Model, ModelParameter, NamedTensors } from './model.ts'
import { dataInputs, type ModelData } from './module-data.ts'
import { callExport, moduleError, optionalFunction } from './module-error.ts'
import { withLogits } from './sequence-model.ts'

type FromBatch = (batch: NamedTensors) => tf.Tensor | tf.Tensor[]

export function isLayersModel(value: unknown): value is LayersModel {
  return typeof value === 'object' && value !== null && 'layers' in value && 'compile' in value && 'apply' in value
}

/**
 * A tf.LayersModel as a model of a run. Its weights become parameters of the run, with the initial values that its
 * layers' initialisers gave them. Those that are not trainable are statistics: what a layer writes into one while it
 * trains becomes that parameter's gradient.
 * @throws MurmurError `MODEL_INVALID`
 */
export function layersModel(
  given: LayersModel,
  exports: ModuleExports,
  { file, data }: { file: string; data: ModelData },
): Model {
  if (!given.inputs?.length || !given.outputs?.length) {
    throw moduleError(file, '`createModel` returned a model without shapes: give its first layer an `inputShape`')
  }
  if (given.layers.some(layer => layer.stateful)) {
    throw moduleError(file, '`createModel` returned a stateful model: batches here do not continue one another')
  }
  const compiled = compile(given, exports, file)
  const weights = layerWeights(compiled)
  const other = weights.find(({ variable }) => variable.dtype !== 'float32')
  if (other) throw moduleError(file, `the weight ${other.name} is ${other.variable.dtype}: expected float32`)
  if (!weights.some(({ trainable }) => trainable)) throw moduleError(file, 'its model has no trainable weight')
  const constrained = weights.find(({ variable }) => variable.constraint)
  if (constrained)
    throw moduleError(file, `the weight ${constrained.name} has a constraint, which no optimizer here keeps`)
  const adapted = new AdaptedLayersModel(compiled, weights, {
    file,
    data,
    inputs: optionalFunction<FromBatch>(exports, 'inputs', file),
    targets: optionalFunction<FromBatch>(exports, 'targets', file),
  })
  const everyToken = data.kind === 'text' && compiled.outputs.length === 1 && compiled.outputs[0]!.rank === 3
  return everyToken ? withLogits(adapted, logarithms(adapted), data) : adapted
}

/** A model of text gives probabilities: the softmax of their logarithms is themselves. */
const logarithms =
  (model: AdaptedLayersModel): NonNullable<Model['logits']> =>
  (parameters, tokens) =>
    tf.log(tf.maximum(model.logits(parameters, tokens), 1e-7))

/**
 * The same layers as one compiled functional model. tfjs knows losses and metrics by name: `compile` resolves them. Its
 * optimizer is never used.
 */
function compile(given: LayersModel, exports: ModuleExports, file: string): LayersModel {
  const { loss = given.loss, metrics = given.metrics } = exports
  if (loss === undefined) {
    throw moduleError(file, 'expected it to export `loss`, or `createModel` to return a compiled model')
  }
  const accuracy = [loss].flat().every(each => String(each).endsWith('Crossentropy')) ? ['accuracy'] : []
  return callExport(file, 'loss', () => {
    const functional = model({ inputs: given.inputs, outputs: given.outputs })
    functional.compile({ optimizer: 'sgd', loss, metrics: metrics ?? accuracy } as ModelCompileArgs)
    return functional
  })
}

interface AdaptedInit {
  file: string
  data: ModelData
  inputs: FromBatch | undefined
  targets: FromBatch | undefined
}

class AdaptedLayersModel implements Model {
  readonly parameters: readonly ModelParameter[]
  readonly #model: LayersModel
  readonly #weights: readonly LayerWeight[]
  readonly #init: AdaptedInit

  constructor(layers: LayersModel, weights: readonly LayerWeight[], init: AdaptedInit) {
    this.#model = layers
    this.#weights = weights
    this.#init = init
    this.parameters = weights.map(({ name, group, variable, trainable }) => ({
      name,
      shape: variable.shape.map(Number),
      group,
      ...(!trainable && { statistic: true }),
      initialize: values => values.set(variable.read().dataSync<'float32'>()),
    }))
  }

  inputs(batchSize: number): InputSpec[] {
    return dataInputs(this.#init.data, batchSize)
  }

  tokens(batchSize: number): number {
    const { data } = this.#init
    return data.kind === 'text' && this.#model.outputs[0]!.rank > 2 ? batchSize * data.context : batchSize
  }

  loss(parameters: NamedTensors, batch: NamedTensors): tf.Scalar {
    return this.#pass(parameters, pass => {
      const { loss } = this.#measure(batch, true)
      return tf.add(loss, this.#drift(parameters, pass))
    })
  }

  evaluate(parameters: NamedTensors, batch: NamedTensors): Measured {
    return this.#pass(parameters, () => {
      const { loss, outputs, targets } = this.#measure(batch, false)
      const names = this.#model.metricsNames.slice(1)
      const metrics = this.#model.metricsTensors.map(([metric, output], i) => {
        const value = callExport(this.#init.file, 'metrics', () => tf.mean(metric(targets[output]!, outputs[output]!)))
        return [names[i]!.replace(/\bacc$/, 'accuracy'), value as tf.Scalar] as const
      })
      return { ...Object.fromEntries(metrics), loss }
    })
  }

  /** The model's one output as it is, without what belongs to training: of a classifier often probabilities. */
  logits(parameters: NamedTensors, inputs: tf.Tensor): tf.Tensor {
    return this.#pass(parameters, () => {
      const outputs = this.#apply({ inputs }, false)
      if (outputs.length === 1) return outputs[0]!
      throw moduleError(this.#init.file, `its model has ${outputs.length} outputs: expected one`)
    })
  }

  #pass<T>(parameters: NamedTensors, task: (pass: WeightPass) => T): T {
    return withWeights(
      this.#weights,
      ({ name, trainable }) => (trainable ? parameters[name]! : withoutGradient(parameters[name]!)),
      task,
    )
  }

  /** As `LayersModel.fit` and `evaluate` have it: the outputs' losses and the regularisers', summed. */
  #measure(batch: NamedTensors, training: boolean) {
    const { file } = this.#init
    const outputs = this.#apply(batch, training)
    const targets = this.#targetsOf(batch, outputs)
    const losses = callExport(file, 'loss', () => [
      ...this.#model.lossFunctions.map((loss, i) => tf.mean(loss(targets[i]!, outputs[i]!))),
      ...this.#model.calculateLosses(),
    ])
    return { loss: losses.reduce((sum, loss) => tf.add(sum, loss)) as tf.Scalar, outputs, targets }
  }

  #apply(batch: NamedTensors, training: boolean): tf.Tensor[] {
    const inputs = this.#inputsOf(batch)
    return callExport(this.#init.file, 'createModel', () =>
      [this.#model.apply(inputs.length === 1 ? inputs[0]! : inputs, { training })].flat(),
    ) as tf.Tensor[]
  }

  #inputsOf(batch: NamedTensors): tf.Tensor[] {
    const { file, inputs } = this.#init
    if (inputs) return [callExport(file, 'inputs', () => inputs(batch))].flat()
    const given = batch.inputs!
    const [first, second] = this.#model.inputs
    const shape = [given.shape[0]!, ...first!.shape.slice(1).map(size => size ?? -1)]
    const fits = shape.filter(size => size < 0).length < 2 && sizeOf(given.shape) % Math.abs(sizeOf(shape)) === 0
    if (second === undefined && fits) return [tf.reshape(given, shape)]
    const wanted = this.#model.inputs
      .map(input => `[${input.shape.map(size => size ?? 'any').join(', ')}]`)
      .join(' and ')
    throw moduleError(
      file,
      `its model takes ${wanted}, the data gives [${given.shape}]: export a function \`inputs(batch)\``,
    )
  }

  /** Classes for a loss that takes them so or is a function, else one-hot. */
  #targetsOf(batch: NamedTensors, outputs: readonly tf.Tensor[]): tf.Tensor[] {
    const { file, targets } = this.#init
    if (targets) return [callExport(file, 'targets', () => targets(batch))].flat()
    if (outputs.length > 1) throw moduleError(file, 'its model has several outputs: export a function `targets(batch)`')
    const output = outputs[0]!
    const given = batch.targets!
    // A model of text that has one output for a window predicts the token after it.
    const last = given.rank === 2 && output.rank === 2
    const classes = last ? tf.reshape(tf.slice(given, [0, given.shape[1]! - 1], [-1, 1]), [-1]) : given
    const loss = [this.#model.loss].flat()[0]
    if (typeof loss !== 'string') return [classes]
    this.#requireClasses(loss, output.shape.at(-1)!)
    if (loss.startsWith('sparse')) return [tf.cast(classes, 'float32')] // tfjs takes its floor, which integers have none of
    const width = output.shape.at(-1)!
    return [
      width === 1
        ? tf.cast(tf.expandDims(classes, -1), 'float32')
        : (tf.oneHot(classes as tf.Tensor1D, width, 1, 0, 'float32') as tf.Tensor),
    ]
  }

  /** A class without an output of its own would count for nothing, in silence. */
  #requireClasses(loss: string, width: number): void {
    const { data, file } = this.#init
    const classes = data.kind === 'images' ? data.classes : data.vocabulary
    if (!/categorical_?crossentropy$/i.test(loss) || width === classes) return
    throw moduleError(file, `its output has ${width} values, the data has ${classes} classes`)
  }

  /** Zero, whose gradient moves the statistics to what was written into them, and leaves alone what nothing read. */
  #drift(parameters: NamedTensors, { read, written }: WeightPass): tf.Scalar {
    const moved = this.#weights.filter(({ trainable, variable }) => !trainable || !read.has(variable.id))
    if (moved.length === 0) return tf.scalar(0)
    const values = moved.map(({ name }) => parameters[name]!)
    const zero = tf.customGrad((...args: unknown[]) => {
      const save = args.at(-1) as tf.GradSaveFunc
      save(
        moved.map(({ variable }, i) => {
          const next = written.get(variable.id)
          return next ? tf.sub(values[i]!, next) : tf.zerosLike(values[i]!)
        }),
      )
      const gradFunc = (dy: tf.Tensor, changes: tf.Tensor[]) => changes.map(change => tf.mul(dy, change))
      return { value: tf.scalar(0), gradFunc }
    })
    return zero(...values) as tf.Scalar
  }
}

/** The same value, of which no gradient is taken. */
const withoutGradient = (x: tf.Tensor): tf.Tensor =>
  tf.customGrad((...args: unknown[]) => {
    const value = tf.clone(args[0] as tf.Tensor)
    return { value, gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy) }
  })(x)

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)
