import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { ParameterLayout } from '../../core/layout.ts'
import type { InputSpec, Model, NamedTensors } from '../models/model.ts'
import type {
  Engine,
  EngineInit,
  InferenceGraph,
  Precision,
  TracedBackend,
  TrainingGraph,
  TrainingMemory,
} from './engine.ts'
import { evaluationGraph, measurementOf } from './evaluation-graph.ts'
import { lossAndGradients, lossScaleName } from './gradients.ts'
import type { Graph } from './graph.ts'
import { activationBytes } from './liveness.ts'
import { optimize } from './optimize.ts'
import { keepEverything } from './passes/dropout.ts'
import { seedName, seedOf } from './random-values.ts'
import { openSession, type Session } from './session.ts'
import {
  batchInput,
  batchOf,
  feedsOf,
  gradientName,
  parameterInputs,
  parameterName,
  parametersOf,
  scalarInput,
  views,
} from './signature.ts'
import { traceOrSurvey } from './survey.ts'
import { registerGradients } from './tfjs-gradients.ts'

/** An engine that traces tfjs code into ONNX graphs and runs them with onnxruntime. */
export function onnxEngine(init: EngineInit = {}): Engine {
  const { backend = 'cpu', threads = 1, precision = 'float32' } = init
  if (!Number.isInteger(threads) || threads < 1) {
    throw new TypeError(`Expected \`threads\` to be an integer >= 1, got ${threads}`)
  }
  return new OnnxEngine(backend, threads, precision)
}

class OnnxEngine implements Engine {
  readonly backend: TracedBackend
  readonly threads: number
  readonly precision: Precision

  constructor(backend: TracedBackend, threads: number, precision: Precision) {
    this.backend = backend
    this.threads = threads
    this.precision = precision
  }

  async compileTraining(model: Model, batchSize: number, memory: TrainingMemory): Promise<TrainingGraph> {
    const graph = await traceTraining(model, batchSize, memory.layout, this.precision)
    // Now, although it runs later: what cannot be traced is told before training begins.
    const evaluation = await evaluationGraph(model, memory.layout, batchSize)
    return await openTraining(graph, evaluation, memory, this)
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
      optimize(keepEverything(traced), this),
      views(layout, parameters, parameterName),
      { provider: this.backend, threads: this.threads },
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
async function traceTraining(
  model: Model,
  batchSize: number,
  layout: ParameterLayout,
  precision: Precision,
): Promise<Graph> {
  await registerGradients()
  const inputs = model.inputs(batchSize)
  const names = layout.tensors.map(({ name }) => name)
  const scale = precision === 'mixed' ? [scalarInput(lossScaleName)] : []
  return await traceOrSurvey([...parameterInputs(layout), ...inputs.map(batchInput), ...scale], tensors => {
    const batch = batchOf(tensors, inputs)
    const loss = (...values: Tensor[]): Scalar =>
      model.loss(Object.fromEntries(names.map((name, i) => [name, values[i]!])), batch)
    const values = names.map(name => tensors[parameterName(name)]!)
    const found = lossAndGradients(loss, values, tensors[lossScaleName])
    return {
      loss: found.loss,
      ...Object.fromEntries(names.map((name, i) => [gradientName(name), found.gradients[i]!])),
    }
  })
}

/** Sessions of a traced training step over its memory; the one for evaluation is made when first asked for. */
async function openTraining(
  graph: Graph,
  evaluationSource: Graph,
  memory: TrainingMemory,
  engine: OnnxEngine,
): Promise<TrainingGraph> {
  const { layout } = memory
  const parameters = views(layout, memory.parameters, parameterName)
  const gradients = views(layout, memory.gradients, gradientName)
  const init = { provider: engine.backend, threads: engine.threads }
  const optimized = optimize(graph, engine)
  const training = await openSession(optimized, { ...parameters, ...gradients }, init)
  let evaluation: Promise<Session> | undefined
  return {
    backend: engine.backend,
    threads: engine.threads,
    activationBytes: activationBytes(optimized),
    lossAndGradients: async (batch, { lossScale = 1, seed = 0 } = {}) => {
      const { loss } = await training.run({
        ...feedsOf(batch),
        [lossScaleName]: Float32Array.of(lossScale),
        [seedName]: seedOf(seed),
      })
      return loss![0]!
    },
    evaluate: async batch => {
      evaluation ??= openSession(optimize(evaluationSource, engine), parameters, init)
      return measurementOf(await (await evaluation).run(feedsOf(batch)))
    },
    release: async () => {
      const open = [training, await evaluation?.catch(() => undefined)]
      await Promise.all(open.map(session => session?.release()))
    },
  }
}
