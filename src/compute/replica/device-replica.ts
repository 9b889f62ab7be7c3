import { MurmurError } from '../../core/errors.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import type { Batch, Precision, TracedBackend } from '../engine/engine.ts'
import { measurementOf } from '../engine/evaluation-graph.ts'
import { lossScaleName } from '../engine/gradients.ts'
import { type Measurement, meanMeasurement } from '../engine/measurement.ts'
import { seedName, seedOf } from '../engine/random-values.ts'
import type { DeviceFeeds, DeviceResults } from '../engine/resident/device-session.ts'
import { nextName, stateName, sumName } from '../engine/resident/step-graph.ts'
import { type UpdateExpression, updateExpression } from '../engine/resident/update-expressions.ts'
import { feedsOf, parameterName } from '../engine/signature.ts'
import { zeroBatch } from '../engine/zero-batch.ts'
import type { Model } from '../models/model.ts'
import type { OptimizerConfig } from '../optim/registry.ts'
import { DeviceTransfers, replace, type TensorVector } from './device-transfers.ts'
import { LossScale } from './loss-scale.ts'
import { microBatches, microBatchSeed } from './micro-batches.ts'
import type { Replica, ReplicaVectors, UpdateInit, UpdateReport } from './replica.ts'
import { StepSessions } from './step-sessions.ts'

export interface DeviceReplicaInit {
  model: Model
  layout: ParameterLayout
  /** Examples in a batch. */
  batchSize: number
  /** Parts in which a batch's gradient is computed, one after the other. Must divide `batchSize`. */
  microBatches: number
  optimizer: OptimizerConfig
  /** Largest Euclidean norm of the gradient; 0 leaves it alone. */
  gradientClip: number
  precision: Precision
}

/**
 * A replica in a device's memory: parameters and optimizer state stay there from step to step, the update is part of the
 * graph, and what comes back of a step are two numbers.
 * @param parameters the initial ones
 * @throws MurmurError `KERNEL_UNSUPPORTED`, `BACKEND_UNAVAILABLE`
 */
export async function deviceReplica(
  backend: TracedBackend,
  parameters: Float32Array,
  init: DeviceReplicaInit,
): Promise<Replica> {
  const update = updateExpression(init.optimizer)
  const sessions = new StepSessions(backend, {
    ...init,
    batchSize: init.batchSize / init.microBatches,
    update,
  })
  const replica = new DeviceReplica(backend, init, update, sessions, new DeviceTransfers(backend, init.layout))
  try {
    await replica.restore(parameters)
    await rehearse(replica, backend, init)
    await replica.restore(parameters)
    return replica
  } catch (error) {
    await replica.release()
    throw error
  }
}

/**
 * A step and an evaluation on zeros: what cannot be traced is told now, and so is what the device cannot do, for shaders are
 * compiled when they first run.
 */
async function rehearse(replica: Replica, backend: TracedBackend, init: DeviceReplicaInit): Promise<void> {
  const zeros = zeroBatch(init.model.inputs(init.batchSize))
  try {
    await replica.evaluate(zeros)
    await replica.update(zeros, { learningRate: 0, age: 0, seed: 0 })
  } catch (cause) {
    if (cause instanceof MurmurError) throw cause
    const half = init.precision === 'mixed' ? ' or lacks float16, which mixed precision needs' : ''
    throw new MurmurError({
      code: 'BACKEND_UNAVAILABLE',
      message: `The device of ${backend} cannot run this model${half}: ${(cause as Error).message.split('\n')[0]}`,
      details: { backend, precision: init.precision },
      cause,
    })
  }
}

class DeviceReplica implements Replica {
  readonly backend: TracedBackend
  readonly threads = 1
  readonly layout: ParameterLayout
  readonly optimizerState: readonly string[]
  readonly #microBatches: number
  readonly #update: UpdateExpression
  readonly #lossScale: LossScale | undefined
  readonly #sessions: StepSessions
  readonly #transfers: DeviceTransfers
  readonly #parameters: TensorVector = []
  readonly #state: readonly TensorVector[]

  constructor(
    backend: TracedBackend,
    init: DeviceReplicaInit,
    update: UpdateExpression,
    sessions: StepSessions,
    transfers: DeviceTransfers,
  ) {
    this.backend = backend
    this.layout = init.layout
    this.optimizerState = update.state
    this.#microBatches = init.microBatches
    this.#update = update
    this.#lossScale = init.precision === 'mixed' ? new LossScale() : undefined
    this.#sessions = sessions
    this.#transfers = transfers
    this.#state = update.state.map(() => [])
  }

  async update(batch: Batch, init: UpdateInit): Promise<UpdateReport> {
    if (init.reduce) {
      throw new MurmurError({
        code: 'USAGE',
        message: `Expected a backend whose gradients lie in this machine's memory, such as cpu, to average gradients; got ${this.backend}`,
        details: { backend: this.backend },
      })
    }
    if (!this.#lossScale) return await this.#attempt(batch, init)
    return await this.#lossScale.step(scale => this.#attempt(batch, init, scale))
  }

  async #attempt(batch: Batch, { learningRate, age, seed }: UpdateInit, lossScale = 1): Promise<UpdateReport> {
    const constant = { ...this.#parameterFeeds(), [lossScaleName]: Float32Array.of(lossScale) }
    const parts = microBatches(batch, this.#microBatches)
    let loss = 0
    let sums: DeviceResults['device'] = {}
    try {
      for (const [i, part] of parts.slice(0, -1).entries()) {
        const session = await this.#sessions.accumulation(i > 0)
        const { host, device } = await session.run({
          ...constant,
          ...this.#sumFeeds(sums),
          ...feedsOf(part),
          [seedName]: seedOf(microBatchSeed(seed, i)),
        })
        loss += host.loss![0]!
        release(sums)
        sums = device
      }
      const scalars = Object.entries(this.#update.at(learningRate, age))
      const session = await this.#sessions.update()
      const { host, device } = await session.run({
        ...constant,
        ...Object.assign(
          {},
          ...this.#state.map((vector, k) => this.#feeds(vector, stateName(this.optimizerState[k]!))),
        ),
        ...this.#sumFeeds(sums),
        ...feedsOf(parts.at(-1)!),
        [seedName]: seedOf(microBatchSeed(seed, parts.length - 1)),
        ...Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)])),
      })
      loss += host.loss![0]!
      const gradientNorm = host.gradientNorm![0]!
      if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) this.#advance(device)
      else release(device)
      return { loss, gradientNorm }
    } finally {
      release(sums)
    }
  }

  #advance(next: DeviceResults['device']): void {
    for (const [at, { name }] of this.layout.tensors.entries()) {
      replace(this.#parameters, at, next[nextName(parameterName(name))]!)
      for (const [k, vector] of this.optimizerState.entries()) {
        replace(this.#state[k]!, at, next[nextName(stateName(vector)(name))]!)
      }
    }
  }

  async evaluate(batch: Batch): Promise<Measurement> {
    const session = await this.#sessions.evaluation()
    const parts: Measurement[] = []
    for (const part of microBatches(batch, this.#microBatches)) {
      const { host } = await session.run({ ...this.#parameterFeeds(), ...feedsOf(part) })
      parts.push(measurementOf(host))
    }
    return meanMeasurement(parts)
  }

  async read(offset: number, into: Float32Array): Promise<void> {
    await this.#transfers.read(this.#parameters, offset, into)
  }

  async add(offset: number, delta: Float32Array, scale: number): Promise<void> {
    await this.#transfers.add(this.#parameters, offset, delta, scale)
  }

  async save(into: ReplicaVectors): Promise<void> {
    await this.#transfers.read(this.#parameters, 0, into.parameters)
    for (const [k, name] of this.optimizerState.entries()) {
      await this.#transfers.read(this.#state[k]!, 0, into.optimizer[name]!)
    }
  }

  /** The copies made here go to the device with the next step. */
  async restore(parameters: Float32Array, optimizer?: Readonly<Record<string, Float32Array>>): Promise<void> {
    this.#fill(this.#parameters, parameters)
    for (const [k, name] of this.optimizerState.entries()) this.#fill(this.#state[k]!, optimizer?.[name])
  }

  async release(): Promise<void> {
    for (const vector of [this.#parameters, ...this.#state]) release(vector.splice(0))
    await Promise.all([this.#sessions.release(), this.#transfers.release()])
  }

  #fill(vector: TensorVector, values: Float32Array | undefined): void {
    release(vector)
    for (const [at, { offset, length }] of this.layout.tensors.entries()) {
      vector[at] = values ? Float32Array.from(values.subarray(offset, offset + length)) : new Float32Array(length)
    }
  }

  #parameterFeeds(): DeviceFeeds {
    return this.#feeds(this.#parameters, parameterName)
  }

  #feeds(vector: TensorVector, nameOf: (name: string) => string): DeviceFeeds {
    return Object.fromEntries(this.layout.tensors.map(({ name }, at) => [nameOf(name), vector[at]!]))
  }

  /** What one micro-batch left is what the next one reads. */
  #sumFeeds(sums: DeviceResults['device']): DeviceFeeds {
    return Object.fromEntries(
      this.layout.tensors.flatMap(({ name }) => {
        const sum = sums[nextName(sumName(name))]
        return sum ? [[sumName(name), sum]] : []
      }),
    )
  }
}

function release(tensors: Readonly<Record<string, DeviceResults['device'][string]>> | TensorVector): void {
  for (const tensor of Object.values(tensors)) if ('release' in tensor) tensor.release()
}
