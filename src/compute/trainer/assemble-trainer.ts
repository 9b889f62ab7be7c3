import type { Arena } from '../../core/arena.ts'
import type { Clock } from '../../core/clock.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import { random } from '../../core/random.ts'
import type { OpenData } from '../data/source.ts'
import type { Model } from '../models/model.ts'
import { createSchedule } from '../optim/schedule.ts'
import type { Replica } from '../replica/replica.ts'
import { localTrainer } from './local-trainer.ts'
import type { Trainer } from './trainer.ts'
import type { TrainerConfig } from './trainer-config.ts'

export interface AssembleTrainerComponents {
  config: TrainerConfig
  model: Model
  data: OpenData
  replica: Replica
  arena: Arena
  clock: Clock
}

/** The step loop over a replica and data that are open already. @param stream tells apart peers that share a partition */
export function assembleTrainer(
  { config, model, data, replica, arena, clock }: AssembleTrainerComponents,
  stream: string | number,
): Trainer {
  const description = data.describe()
  return localTrainer(
    {
      clock,
      replica,
      arena,
      batches: data.train,
      validation: data.validation,
      schedule: createSchedule(config.schedule, config.steps),
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
        .fork(stream)
        .integer(2 ** 31),
    },
  )
}

/** The same on every peer of a run: each tensor has its own stream, whatever the layout. */
export function initialParameters(
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
