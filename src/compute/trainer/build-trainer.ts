import { setImmediate as nextTurn } from 'node:timers/promises'
import { systemClock } from '../../core/clock.ts'
import { layoutParameters, type ParameterLayout } from '../../core/layout.ts'
import { sharedFloats } from '../../core/parameters.ts'
import { random } from '../../core/random.ts'
import { type DataConfig, openData } from '../data/source.ts'
import { createEngine } from '../engine/onnx-engine.ts'
import type { Model } from '../models/model.ts'
import { createModel, type ModelConfig } from '../models/registry.ts'
import { createOptimizer, type OptimizerConfig } from '../optim/registry.ts'
import { createSchedule, type ScheduleConfig } from '../optim/schedule.ts'
import { localTrainer } from './local-trainer.ts'
import type { Trainer } from './trainer.ts'

/** Everything a trainer is made of, as plain data that can be sent to its thread. */
export interface TrainerConfig {
  model: ModelConfig
  data: DataConfig
  optimizer: OptimizerConfig
  schedule: ScheduleConfig
  /** Examples in a batch. */
  batch: number
  /** Local steps in all; the schedule spans them. */
  steps: number
  /** Largest Euclidean norm of the gradient; 0 leaves it alone. */
  gradientClip: number
  /** Names the initial parameters, the data split and, with `stream`, the order of the batches. */
  seed: number
  shards: number
  /** Batches of one evaluation. */
  validationBatches: number
  /** What is this peer's own. */
  own: {
    partition: { index: number; count: number }
    /** Tells apart peers that share a partition. @default the partition's index */
    stream?: string
    /** What relative data paths are relative to. */
    directory: string
    /** Threads inside one operation. */
    threads: number
  }
}

/**
 * Data, model, graph, optimizer and step loop, in this thread.
 * @throws MurmurError `CORPUS_MISSING`, `CORPUS_TOO_SMALL`, `SPECIFICATION_INVALID`, `KERNEL_UNSUPPORTED`,
 * `BACKEND_UNAVAILABLE`
 */
export async function buildTrainer(config: TrainerConfig): Promise<Trainer> {
  const { partition, stream, directory, threads } = config.own
  const data = openData(config.data, {
    directory,
    batchSize: config.batch,
    context: config.model.kind === 'gpt' ? config.model.context : 0,
    partition,
    stream,
    seed: config.seed,
    validationBatches: config.validationBatches,
  })
  const description = data.describe()
  const model = createModel(config.model, description)
  const layout = layoutParameters(model.parameters, config.shards)
  const memory = {
    layout,
    parameters: initialParameters(model, layout, config.seed),
    gradients: sharedFloats(layout.length),
  }
  const engine = createEngine({ threads })
  const graph = await engine.compileTraining(model, config.batch, memory)
  return localTrainer(
    {
      clock: systemClock,
      graph,
      batches: data.train,
      validation: data.validation,
      optimizer: createOptimizer(config.optimizer, layout),
      schedule: createSchedule(config.schedule, config.steps),
      memory,
      pace: nextTurn,
    },
    {
      description: {
        backend: engine.backend,
        threads: engine.threads,
        data: description.summary,
        tokensPerStep: model.tokens(config.batch),
      },
      learningRate: config.optimizer.learningRate,
      gradientClip: config.gradientClip,
      warmup: config.schedule.warmup,
    },
  )
}

/** The same on every peer of a run: each tensor has its own stream, whatever the layout. */
function initialParameters(model: Model, layout: ParameterLayout, seed: number): Float32Array<SharedArrayBuffer> {
  const parameters = sharedFloats(layout.length)
  const stream = random(seed).fork('parameters')
  for (const slot of layout.tensors) {
    const parameter = model.parameters.find(({ name }) => name === slot.name)
    parameter?.initialize(parameters.subarray(slot.offset, slot.offset + slot.length), stream.fork(slot.name))
  }
  return parameters
}
