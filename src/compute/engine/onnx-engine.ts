import { type Scalar, type Tensor, valueAndGrads } from '@tensorflow/tfjs-core'
import type { ParameterLayout } from '../../core/layout.ts'
import type { InputSpec, Model, NamedTensors } from '../models/model.ts'
import type { Engine, EngineInit, InferenceGraph, TracedBackend, TrainingGraph, TrainingMemory } from './engine.ts'
import type { Graph } from './graph.ts'
import { optimize } from './optimize.ts'
import { keepEverything } from './passes/dropout.ts'
import { drawsRandomly, seedName, seedOf } from './random-values.ts'
import { type Bindings, openSession, type Session, type SessionInit } from './session.ts'
import {
  batchInput,
  batchOf,
  feedsOf,
  gradientName,
  parameterInputs,
  parameterName,
  parametersOf,
  views,
} from './signature.ts'
import { traceOrSurvey } from './survey.ts'
import { registerGradients } from './tfjs-gradients.ts'

/** An engine that traces tfjs code into ONNX graphs and runs them with onnxruntime. */
export function createEngine(init: EngineInit = {}): Engine {
  const { backend = 'cpu', threads = 1 } = init
  if (!Number.isInteger(threads) || threads < 1) {
    throw new TypeError(`Expected \`threads\` to be an integer >= 1, got ${threads}`)
  }
  return new OnnxEngine(backend, threads)
}

class OnnxEngine implements Engine {
  readonly backend: TracedBackend
  readonly threads: number

  constructor(backend: TracedBackend, threads: number) {
    this.backend = backend
    this.threads = threads
  }

  async compileTraining(model: Model, batchSize: number, memory: TrainingMemory): Promise<TrainingGraph> {
    const graph = await traceTraining(model, batchSize, memory.layout)
    return await openTraining(graph, memory, { provider: this.backend, threads: this.threads })
  }

  async compileInference(
    forward: (parameters: NamedTensors, batch: NamedTensors) => Tensor,
    inputs: readonly InputSpec[],
    memory: { layout: ParameterLayout; parameters: Float32Array<SharedArrayBuffer> },
  ): Promise<InferenceGraph> {
    const { layout, parameters } = memory
    const traced = await traceOrSurvey([...parameterInputs(layout), ...inputs.map(batchInput)], tensors => ({
      output: forward(parametersOf(tensors, layout), batchOf(tensors, inputs)),
    }))
    const session = await openSession(
      optimize(keepEverything(traced), this.threads),
      views(layout, parameters, parameterName),
      {
        provider: this.backend,
        threads: this.threads,
      },
    )
    return {
      run: async batch => {
        const { output } = await session.run(feedsOf(batch))
        return [Float32Array.from(output!)]
      },
      release: () => session.release(),
    }
  }
}

/** Forward and backward of a model: the outputs are `loss` and a gradient for each parameter. */
async function traceTraining(model: Model, batchSize: number, layout: ParameterLayout): Promise<Graph> {
  await registerGradients()
  const inputs = model.inputs(batchSize)
  const names = layout.tensors.map(({ name }) => name)
  return await traceOrSurvey([...parameterInputs(layout), ...inputs.map(batchInput)], tensors => {
    const batch = batchOf(tensors, inputs)
    const loss = (...values: Tensor[]): Scalar =>
      model.loss(Object.fromEntries(names.map((name, i) => [name, values[i]!])), batch)
    const { value, grads } = valueAndGrads(loss)(names.map(name => tensors[parameterName(name)]!))
    return { loss: value, ...Object.fromEntries(names.map((name, i) => [gradientName(name), grads[i]!])) }
  })
}

/** Sessions of a traced training step over its memory; the one for the loss alone is opened when first asked for. */
async function openTraining(graph: Graph, memory: TrainingMemory, init: SessionInit): Promise<TrainingGraph> {
  const { layout } = memory
  const parameters = views(layout, memory.parameters, parameterName)
  const gradients = views(layout, memory.gradients, gradientName)
  const training = await openSession(optimize(graph, init.threads), { ...parameters, ...gradients }, init)
  let evaluation: Promise<Session> | undefined
  const openEvaluation = () =>
    openSession(
      optimize(keepEverything({ ...graph, outputs: new Map([['loss', graph.outputs.get('loss')!]]) }), init.threads),
      parameters,
      init,
    )
  const lossOf = async (session: Session, feeds: Bindings) => (await session.run(feeds)).loss![0]!
  const random = drawsRandomly(graph)
  let runs = 0
  return {
    lossAndGradients: (batch, seed = runs) => {
      runs++
      return lossOf(training, { ...feedsOf(batch), ...(random && { [seedName]: seedOf(seed) }) })
    },
    loss: async batch => {
      evaluation ??= openEvaluation()
      return await lossOf(await evaluation, feedsOf(batch))
    },
    release: async () => {
      await training.release()
      await (await evaluation)?.release()
    },
  }
}
