import { type Arena, createArena } from '../../core/arena.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import { layoutParameters, type ParameterLayout } from '../../core/layout.ts'
import { random } from '../../core/random.ts'
import { type DataConfig, type OpenData, openData } from '../data/source.ts'
import type { Tokenising } from '../data/token-cache.ts'
import { orderBackends } from '../engine/create-engine.ts'
import type { BackendChoice, Precision } from '../engine/engine.ts'
import { type BackendNotice, onFirstBackend } from '../engine/fallback.ts'
import { locateModule } from '../models/load-module.ts'
import type { Model } from '../models/model.ts'
import { type ModelConfig, openModel } from '../models/registry.ts'
import type { OptimizerConfig } from '../optim/registry.ts'
import { createSchedule, type ScheduleConfig } from '../optim/schedule.ts'
import { type OpenReplicaInit, openReplica } from '../replica/open-replica.ts'
import type { Replica } from '../replica/replica.ts'
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
    /** Where text is kept once it is tokenised. */
    cache: string
    /** Where a model that is a module is: absolute. @default the specification's path, in `directory` */
    model?: string
    compute: ComputeInit
  }
}

/** How a peer computes: a matter of its hardware, which leaves the run what it is. */
export interface ComputeInit {
  /** `auto` is the best that works here. @default 'cpu' */
  backend?: BackendChoice
  /** Threads inside one operation. Must be >= 1. */
  threads: number
  /**
   * Parts in which a batch's gradient is computed, one after the other: as much less memory for activations. Must divide `batch`.
   * @default 1
   */
  microBatches?: number
  /** Of traced graphs. @default 'float32' */
  precision?: Precision
  /** Throws where another backend would take over. @default false */
  strict?: boolean
}

export interface BuildTrainerInit {
  /** Where parameters, gradients and optimizer state lie, and vectors for snapshots and deltas. @default one of its own */
  arena?: Arena
  /** Ends the tokenising of a corpus, which can take long; what comes after it is not interrupted. */
  signal?: AbortSignal
  /** Called after every piece of text that was tokenised: thousands of times. */
  onTokenising?(progress: Tokenising): void
  /** @default the system's */
  clock?: Clock
  /** What the trainer uses in the place of the replica, such as one whose steps take virtual time. @default the replica */
  decorate?(replica: Replica): Replica
  /** Told why another backend took over. */
  onNotice?(notice: BackendNotice): void
}

/**
 * Data, model, graph, optimizer and step loop, in this thread.
 * @throws MurmurError `CORPUS_MISSING`, `CORPUS_TOO_SMALL`, `TOKENIZER_INVALID`, `SPECIFICATION_INVALID`, `MODEL_MISSING`,
 * `MODEL_MISMATCH`, `MODEL_INVALID`, `KERNEL_UNSUPPORTED`, `BACKEND_UNAVAILABLE`
 */
export async function buildTrainer(config: TrainerConfig, init: BuildTrainerInit = {}): Promise<Trainer> {
  const { partition, stream, directory, cache, compute } = config.own
  requireDivisible(config.batch, compute.microBatches ?? 1)
  const data = await openData(config.data, {
    directory,
    batchSize: config.batch,
    context: 'context' in config.model ? config.model.context : 0,
    partition,
    stream,
    seed: config.seed,
    validationBatches: config.validationBatches,
    cache: { directory: cache, signal: init.signal, onProgress: init.onTokenising },
  })
  try {
    return await buildOn(data, config, init)
  } catch (error) {
    data.train.close()
    throw error
  }
}

/** The trainer closes the data. */
async function buildOn(data: OpenData, config: TrainerConfig, init: BuildTrainerInit): Promise<Trainer> {
  const { partition, stream, compute } = config.own
  const { arena = createArena(), clock = systemClock, decorate = replica => replica } = init
  const { backend = 'cpu', threads, precision = 'float32', microBatches = 1, strict } = compute
  const description = data.describe()
  const model = await openModel(config.model, { data: description, seed: config.seed, file: modelFile(config) })
  const layout = layoutParameters(model.parameters, config.shards)
  const replicaInit: OpenReplicaInit = {
    model,
    layout,
    parameters: initialParameters(model, layout, config.seed, arena),
    arena,
    batchSize: config.batch,
    microBatches,
    optimizer: config.optimizer,
    gradientClip: config.gradientClip,
    precision,
    threads,
  }
  const order = await orderBackends(backend, { threads, signal: init.signal })
  const replica = await onFirstBackend(order, { strict, onNotice: init.onNotice }, name =>
    openReplica(name, replicaInit),
  )
  return localTrainer(
    {
      clock,
      replica: decorate(replica),
      arena,
      batches: data.train,
      validation: data.validation,
      schedule: createSchedule(config.schedule, config.steps),
      pace: () => clock.turn(),
    },
    {
      description: {
        backend: replica.backend,
        threads: replica.threads,
        data: description.summary,
        tokensPerStep: model.tokens(config.batch),
        bytesPerToken: description.kind === 'text' ? description.bytesPerToken : undefined,
      },
      learningRate: config.optimizer.learningRate,
      warmup: config.schedule.warmup,
      seed: random(config.seed)
        .fork('steps')
        .fork(stream ?? partition.index)
        .integer(2 ** 31),
    },
  )
}

function modelFile({ model, own }: TrainerConfig): string {
  return own.model ?? (model.kind === 'module' ? locateModule(model.module, own.directory) : '')
}

function requireDivisible(batch: number, microBatches: number): void {
  if (batch % microBatches === 0) return
  throw new MurmurError({
    code: 'USAGE',
    message: `Expected micro-batches to divide the batch of ${batch} examples, got ${microBatches}`,
    details: { batch, microBatches },
  })
}

/** The same on every peer of a run: each tensor has its own stream, whatever the layout. */
function initialParameters(
  model: Model,
  layout: ParameterLayout,
  seed: number,
  arena: Arena,
): Float32Array<SharedArrayBuffer> {
  const parameters = arena.floats(layout.length)
  const stream = random(seed).fork('parameters')
  for (const slot of layout.tensors) {
    const parameter = model.parameters.find(({ name }) => name === slot.name)
    parameter?.initialize(parameters.subarray(slot.offset, slot.offset + slot.length), stream.fork(slot.name))
  }
  return parameters
}
