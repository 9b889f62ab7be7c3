import { type Arena, createArena } from '../../core/arena.ts'
import { systemClock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import { layoutParameters } from '../../core/layout.ts'
import { type OpenData, openData } from '../data/source.ts'
import type { Tokenising } from '../data/token-cache.ts'
import { orderBackends } from '../engine/create-engine.ts'
import { type BackendNotice, onFirstBackend } from '../engine/fallback.ts'
import { openModel } from '../models/registry.ts'
import { type OpenReplicaInit, openReplica } from '../replica/open-replica.ts'
import { assembleTrainer, initialParameters } from './assemble-trainer.ts'
import type { Trainer } from './trainer.ts'
import { modelFile, type TrainerConfig } from './trainer-config.ts'

export interface BuildTrainerInit {
  /** Where parameters, gradients and optimizer state lie, and vectors for snapshots and deltas. @default one of its own */
  arena?: Arena
  /** Ends the tokenising of a corpus, which can take long; what comes after it is not interrupted. */
  signal?: AbortSignal
  /** Called after every piece of text that was tokenised: thousands of times. */
  onTokenising?(progress: Tokenising): void
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
  const { arena = createArena() } = init
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
  return assembleTrainer({ config, model, data, replica, arena, clock: systemClock }, stream ?? partition.index)
}

function requireDivisible(batch: number, microBatches: number): void {
  if (batch % microBatches === 0) return
  throw new MurmurError({
    code: 'USAGE',
    message: `Expected micro-batches to divide the batch of ${batch} examples, got ${microBatches}`,
    details: { batch, microBatches },
  })
}
