import { createArena } from '../../core/arena.ts'
import type { Clock } from '../../core/clock.ts'
import { layoutParameters, type ParameterLayout } from '../../core/layout.ts'
import { type OpenData, openData } from '../data/source.ts'
import type { TrainingGraph, TrainingMemory } from '../engine/engine.ts'
import { type Measurement, meanMeasurement } from '../engine/measurement.ts'
import { onnxEngine } from '../engine/onnx-engine.ts'
import { openModel } from '../models/registry.ts'
import { createOptimizer } from '../optim/registry.ts'
import { hostReplica } from '../replica/host-replica.ts'
import { assembleTrainer, initialParameters } from './assemble-trainer.ts'
import type { Trainer } from './trainer.ts'
import { modelFile, type TrainerConfig } from './trainer-config.ts'

/**
 * Trainers that live in one thread, on the CPU, and share what is the same for all: the data of a partition, the traced
 * graph and its activations. Each has parameters, gradient and optimizer state of its own; their steps take turns. For a
 * thousand peers of a simulation, which must not cost a thousand graphs.
 */
export interface TrainerPool {
  readonly layout: ParameterLayout
  /** Predicted symbols of one step. */
  readonly tokensPerStep: number
  /** Another trainer, with the run's initial parameters. Ends with the pool, if it is not closed before. */
  trainer(init: PooledTrainerInit): Promise<PooledTrainer>
  /** Loss and metrics of any parameters over the run's validation batches. */
  evaluate(parameters: Float32Array): Promise<Measurement>
  close(): Promise<void>
}

export interface PooledTrainer {
  trainer: Trainer
  /** What it trains, as it is now: for reading only. */
  parameters: Float32Array
}

interface PooledTrainerInit {
  /** Index of the partition to train on. */
  partition: number
  /** Tells apart peers that share a partition. */
  stream: string
  clock: Clock
  /** Puts something in the place of the computation, such as one that takes virtual time. */
  adapt?(graph: TrainingGraph): TrainingGraph
}

/** @throws MurmurError see `buildTrainer` */
export async function trainerPool(config: TrainerConfig): Promise<TrainerPool> {
  const first = await openPartition(config, 0)
  try {
    const arena = createArena()
    const model = await openModel(config.model, { data: first.describe(), seed: config.seed, file: modelFile(config) })
    const layout = layoutParameters(model.parameters, config.shards)
    const initial = initialParameters(model, layout, config.seed, arena)
    const memory = { layout, parameters: arena.floats(layout.length), gradients: arena.floats(layout.length) }
    const { threads, microBatches = 1 } = config.own.compute
    const graph = await onnxEngine({ threads }).compileTraining(model, config.batch / microBatches, memory)
    const shared = new SharedGraph(graph, memory)
    const partitions = new Map<number, Promise<OpenData>>([[0, Promise.resolve(first)]])
    const dataOf = (index: number) => {
      const data = partitions.get(index) ?? openPartition(config, index)
      partitions.set(index, data)
      return data
    }
    return {
      layout,
      tokensPerStep: model.tokens(config.batch),
      async trainer({ partition, stream, clock, adapt = one => one }) {
        const data = await dataOf(partition)
        const own = { layout, parameters: arena.floats(layout.length), gradients: arena.floats(layout.length) }
        own.parameters.set(initial)
        const replica = hostReplica(
          {
            graph: adapt(shared.over(own)),
            optimizer: createOptimizer(config.optimizer, layout),
            memory: own,
            arena,
          },
          { microBatches, gradientClip: config.gradientClip },
        )
        const reordered = { ...data, train: data.reordered(stream) }
        const trainer = assembleTrainer({ config, model, data: reordered, replica, arena, clock }, stream)
        return { trainer, parameters: own.parameters }
      },
      evaluate: async parameters => {
        const parts: Measurement[] = []
        for (const batch of first.validation) parts.push(await shared.evaluate(parameters, batch))
        return meanMeasurement(parts)
      },
      async close() {
        await graph.release()
        for (const data of partitions.values()) (await data).train.close()
      },
    }
  } catch (error) {
    first.train.close()
    throw error
  }
}

async function openPartition(config: TrainerConfig, index: number): Promise<OpenData> {
  return await openData(config.data, {
    directory: config.own.directory,
    batchSize: config.batch,
    context: 'context' in config.model ? config.model.context : 0,
    partition: { index, count: config.own.partition.count },
    seed: config.seed,
    validationBatches: config.validationBatches,
    cache: { directory: config.own.cache },
  })
}

/** One graph for many parameter vectors: they take turns in its memory. */
class SharedGraph {
  readonly #graph: TrainingGraph
  readonly #memory: TrainingMemory
  #last: Promise<unknown> = Promise.resolve()

  constructor(graph: TrainingGraph, memory: TrainingMemory) {
    this.#graph = graph
    this.#memory = memory
  }

  over({ parameters, gradients }: TrainingMemory): TrainingGraph {
    const { backend, threads, activationBytes } = this.#graph
    return {
      backend,
      threads,
      activationBytes,
      lossAndGradients: (batch, init) =>
        this.#inTurn(async () => {
          this.#memory.parameters.set(parameters)
          const loss = await this.#graph.lossAndGradients(batch, init)
          gradients.set(this.#memory.gradients)
          return loss
        }),
      evaluate: batch => this.evaluate(parameters, batch),
      release: async () => {}, // the pool's business
    }
  }

  evaluate(parameters: Float32Array, batch: Parameters<TrainingGraph['evaluate']>[0]): Promise<Measurement> {
    return this.#inTurn(async () => {
      this.#memory.parameters.set(parameters)
      return await this.#graph.evaluate(batch)
    })
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => {})
    return result
  }
}
