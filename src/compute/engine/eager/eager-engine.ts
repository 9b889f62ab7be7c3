import { type Scalar, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core'
import type { ParameterLayout } from '../../../core/layout.ts'
import { withMathRandom } from '../../../core/math-random.ts'
import { random } from '../../../core/random.ts'
import type { InputSpec, Model, NamedTensors } from '../../models/model.ts'
import { onBackend } from '../active-backend.ts'
import type { Batch, EagerBackend, Engine, InferenceGraph, TrainingGraph, TrainingMemory } from '../engine.ts'
import { lossAndGradients } from '../gradients.ts'
import { sizeOf } from '../graph.ts'
import type { Measurement } from '../measurement.ts'
import { registerGradients } from '../tfjs-gradients.ts'
import { zeroBatch } from '../zero-batch.ts'
import { withoutDropout } from './dropout.ts'
import { type LoadedBackend, loadBackend } from './load-backend.ts'
import { asUnsupported } from './unsupported.ts'

/**
 * An engine that runs tfjs code operation by operation on one of tfjs's own backends: many times slower than a traced
 * graph, but it runs whatever tfjs does, value-dependent control flow too, and the plain JavaScript one is what all
 * others are measured against.
 * @throws MurmurError `BACKEND_UNAVAILABLE`
 */
export async function eagerEngine(backend: EagerBackend): Promise<Engine> {
  await registerGradients()
  return new EagerEngine(backend, await loadBackend(backend))
}

class EagerEngine implements Engine {
  readonly backend: EagerBackend
  readonly threads: number
  readonly precision = 'float32'
  readonly #registered: string

  constructor(backend: EagerBackend, { registered, threads }: LoadedBackend) {
    this.backend = backend
    this.threads = threads
    this.#registered = registered
  }

  async compileTraining(model: Model, batchSize: number, memory: TrainingMemory): Promise<TrainingGraph> {
    const { layout, gradients } = memory
    const inputs = model.inputs(batchSize)
    const lossOf =
      (batch: NamedTensors) =>
      (...values: Tensor[]): Scalar =>
        model.loss(Object.fromEntries(layout.tensors.map(({ name }, i) => [name, values[i]!])), batch)
    const differentiate = (batch: Batch, seed: number, into: Float32Array): number =>
      this.#run(() =>
        withMathRandom(random(seed).fork('step'), () => {
          const found = lossAndGradients(lossOf(batchTensors(inputs, batch)), parameterTensors(memory), undefined)
          for (const [i, { offset }] of layout.tensors.entries()) into.set(found.gradients[i]!.dataSync(), offset)
          return found.loss.dataSync()[0]!
        }),
      )
    const measure = (batch: Batch): Measurement =>
      this.#run(() =>
        withoutDropout(this.#registered, () => {
          const values = parameterTensors(memory)
          const parameters = Object.fromEntries(layout.tensors.map(({ name }, i) => [name, values[i]!]))
          const measured = Object.entries(model.evaluate(parameters, batchTensors(inputs, batch)))
          const { loss, ...metrics } = Object.fromEntries(measured.map(([name, value]) => [name, value.dataSync()[0]!]))
          return { loss: loss!, metrics }
        }),
      )
    // Nothing is compiled: a step and an evaluation on zeros find out whether the backend has every kernel.
    differentiate(zeroBatch(inputs), 0, new Float32Array(layout.length))
    measure(zeroBatch(inputs))
    return {
      backend: this.backend,
      threads: this.threads,
      activationBytes: undefined,
      lossAndGradients: async (batch, { seed = 0 } = {}) => differentiate(batch, seed, gradients),
      evaluate: async batch => measure(batch),
      release: async () => {}, // nothing outlives a step
    }
  }

  async compileInference(
    forward: (parameters: NamedTensors, batch: NamedTensors) => Tensor,
    inputs: readonly InputSpec[],
    memory: { layout: ParameterLayout; parameters: Float32Array<SharedArrayBuffer> },
  ): Promise<InferenceGraph> {
    const run = (batch: Batch): Float32Array =>
      this.#run(() => {
        const values = parameterTensors(memory)
        const parameters = Object.fromEntries(memory.layout.tensors.map(({ name }, i) => [name, values[i]!]))
        const output = withoutDropout(this.#registered, () => forward(parameters, batchTensors(inputs, batch)))
        return Float32Array.from(output.dataSync())
      })
    run(zeroBatch(inputs))
    return { run: async batch => [run(batch)], release: async () => {} }
  }

  /** `task` on the backend. Every tensor made meanwhile is disposed, so memory stays that of one step. */
  #run<T extends number | Float32Array | Measurement>(task: () => T): T {
    let result: T | undefined
    try {
      onBackend(this.#registered, () =>
        tidy(() => {
          result = task()
        }),
      )
    } catch (error) {
      throw asUnsupported(error, this.backend)
    }
    return result!
  }
}

/** Copies: the vector changes in place, and a backend may keep the array that it was given. */
const parameterTensors = ({ layout, parameters }: Pick<TrainingMemory, 'layout' | 'parameters'>): Tensor[] =>
  layout.tensors.map(({ offset, length, shape }) =>
    tensor(parameters.slice(offset, offset + length), [...shape], 'float32'),
  )

function batchTensors(inputs: readonly InputSpec[], batch: Batch): NamedTensors {
  return Object.fromEntries(
    inputs.map(({ name, shape, dtype }) => {
      const values = batch[name]
      if (!values) throw new TypeError(`Expected \`${name}\` among the inputs, got ${Object.keys(batch).join(', ')}`)
      if (values.length !== sizeOf(shape)) {
        throw new TypeError(
          `Expected \`${name}\` to have ${sizeOf(shape)} elements for [${shape}], got ${values.length}`,
        )
      }
      return [name, tensor(values.slice(), [...shape], dtype)]
    }),
  )
}
