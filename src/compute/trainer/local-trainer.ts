import type { Arena } from '../../core/arena.ts'
import type { Clock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import { type GradientReducer, type Stamp, sharedFloats } from '../../core/parameters.ts'
import { allFinite } from '../../core/vector.ts'
import type { BatchSource } from '../data/batches.ts'
import type { Batch } from '../engine/engine.ts'
import { type Measurement, meanMeasurement } from '../engine/measurement.ts'
import type { Schedule } from '../optim/schedule.ts'
import type { Replica, ReplicaVectors, UpdateInit } from '../replica/replica.ts'
import type { Evaluation, StepReport, Trainer, TrainerDescription, TrainerState } from './trainer.ts'

export interface LocalTrainerComponents {
  clock: Clock
  replica: Replica
  /** Where vectors for snapshots and deltas lie. */
  arena: Arena
  batches: BatchSource
  validation: readonly Batch[]
  schedule: Schedule
}

export interface LocalTrainerInit {
  description: TrainerDescription
  learningRate: number
  /** After an adoption, updates over which the learning rate grows to the schedule's. */
  warmup: number
  /** Of what is random in a step, such as the masks of dropout; the step's number is added. */
  seed: number
}

export function localTrainer(components: LocalTrainerComponents, init: LocalTrainerInit): Trainer {
  return new LocalTrainer(components, init)
}

class LocalTrainer implements Trainer {
  readonly layout: ParameterLayout
  readonly description: TrainerDescription
  readonly #c: LocalTrainerComponents
  readonly #init: LocalTrainerInit
  /** What waits for the next step boundary, in the order it was asked for. */
  readonly #boundary: (() => Promise<void>)[] = []
  #saved: ReplicaVectors | undefined
  #step = 0
  #optimizerAge = 0
  #previousEnd: number | undefined
  #running: Promise<void> | undefined
  #draining: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(components: LocalTrainerComponents, init: LocalTrainerInit) {
    this.#c = components
    this.#init = init
    this.layout = components.replica.layout
    this.description = init.description
  }

  async run(
    until: number,
    onStep: (report: StepReport) => void,
    signal: AbortSignal,
    reduceGradient?: GradientReducer,
  ): Promise<void> {
    this.#requireIdle('run')
    this.#running = this.#takeSteps(until, onStep, signal, reduceGradient)
    await this.#running
  }

  async #takeSteps(
    until: number,
    onStep: (report: StepReport) => void,
    signal: AbortSignal,
    reduceGradient: GradientReducer | undefined,
  ): Promise<void> {
    try {
      await this.#drain()
      this.#previousEnd ??= this.#c.clock.now()
      while (this.#step < until && !signal.aborted && !this.#closing) {
        const start = this.#c.clock.now()
        const waiting = reduceGradient && this.#waiting(reduceGradient, signal)
        const partial = await this.#trainStep(waiting?.reduce)
        const end = this.#c.clock.now()
        const stepMs = end - start - (waiting?.ms() ?? 0)
        const report = { ...partial, stepMs, wallMs: end - this.#previousEnd }
        this.#previousEnd = end
        onStep(report)
        await this.#c.clock.turn() // lets the thread take messages in
        await this.#drain()
      }
    } finally {
      this.#running = undefined
      await this.#drain()
    }
  }

  /** The reducer of the step to come, and the milliseconds that it took: those are no training. */
  #waiting(reduceGradient: GradientReducer, signal: AbortSignal): { reduce: UpdateInit['reduce']; ms(): number } {
    const { clock } = this.#c
    const step = this.#step
    let ms = 0
    return {
      reduce: async gradient => {
        const begun = clock.now()
        await reduceGradient(gradient, step, signal)
        ms += clock.now() - begun
      },
      ms: () => ms,
    }
  }

  async #trainStep(reduce: UpdateInit['reduce']): Promise<Omit<StepReport, 'stepMs' | 'wallMs'>> {
    const { replica, batches, schedule } = this.#c
    const rewarm = Math.min(1, (this.#optimizerAge + 1) / Math.max(1, this.#init.warmup))
    const learningRate = this.#init.learningRate * Math.min(schedule(this.#step), rewarm)
    const { loss, gradientNorm } = await replica.update(batches.next(), {
      learningRate,
      age: this.#optimizerAge,
      seed: (this.#init.seed + this.#step) | 0,
      reduce,
    })
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new MurmurError({
        code: 'VALUES_INVALID',
        message: `The loss of step ${this.#step + 1} is ${loss} (gradient norm ${gradientNorm}): lower the learning rate (now ${this.#init.learningRate})`,
        details: { step: this.#step + 1, loss, gradientNorm },
      })
    }
    this.#optimizerAge++
    this.#step++
    return { step: this.#step, loss, learningRate, gradientNorm }
  }

  allocate(length: number): Float32Array<SharedArrayBuffer> {
    return this.#c.arena.floats(length)
  }

  snapshot(offset: number, into: Float32Array<SharedArrayBuffer>, signal?: AbortSignal): Promise<Stamp> {
    return this.#atBoundary(async () => {
      signal?.throwIfAborted()
      this.#requireRange(offset, into.length)
      await this.#c.replica.read(offset, into)
      return { step: this.#step }
    })
  }

  apply(offset: number, delta: Float32Array<SharedArrayBuffer>, scale: number): Promise<Stamp> {
    return this.#atBoundary(async () => {
      this.#requireRange(offset, delta.length)
      if (!allFinite(delta) || !Number.isFinite(scale)) {
        throw new MurmurError({ code: 'VALUES_INVALID', message: 'Expected a delta of finite values' })
      }
      await this.#c.replica.add(offset, delta, scale)
      return { step: this.#step }
    })
  }

  evaluate(signal?: AbortSignal): Promise<Evaluation> {
    return this.#atBoundary(async () => {
      const parts: Measurement[] = []
      for (const batch of this.#c.validation) {
        signal?.throwIfAborted()
        parts.push(await this.#c.replica.evaluate(batch))
        await this.#c.clock.turn()
      }
      return { ...meanMeasurement(parts), step: this.#step, tokens: parts.length * this.description.tokensPerStep }
    })
  }

  save(): Promise<TrainerState> {
    return this.#atBoundary(async () => {
      const { replica, batches } = this.#c
      this.#saved ??= {
        parameters: sharedFloats(this.layout.length),
        optimizer: Object.fromEntries(replica.optimizerState.map(name => [name, sharedFloats(this.layout.length)])),
      }
      await replica.save(this.#saved)
      return { ...this.#saved, step: this.#step, optimizerAge: this.#optimizerAge, batches: batches.save() }
    })
  }

  async restore(state: TrainerState): Promise<void> {
    this.#requireIdle('restore')
    this.#requireFitting(state)
    await this.#atBoundary(async () => {
      await this.#c.replica.restore(state.parameters, state.optimizer)
      this.#step = state.step
      this.#optimizerAge = state.optimizerAge
      this.#c.batches.restore(state.batches)
    })
  }

  async adopt(parameters: Float32Array, step: number): Promise<void> {
    this.#requireIdle('adopt')
    this.#requireFitting({ parameters, optimizer: {} }, [])
    await this.#atBoundary(async () => {
      await this.#c.replica.restore(parameters)
      this.#step = step
      this.#optimizerAge = 0
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** What was asked for before is still done, and the step under way ended, before the memory of both is freed. */
  async #close(): Promise<void> {
    await this.#running?.catch(() => {}) // told to whoever runs
    await this.#drain()
    this.#c.batches.close()
    await this.#c.replica.release()
  }

  #requireFitting({ parameters, optimizer }: ReplicaVectors, names = this.#c.replica.optimizerState): void {
    const found = Object.keys(optimizer)
    if (found.toSorted().join() !== names.toSorted().join()) {
      throw invalidState(`the optimizer state [${names.join(', ')}], got [${found.join(', ')}]`)
    }
    for (const [name, { length }] of Object.entries({ parameters, ...optimizer })) {
      if (length !== this.layout.length) throw invalidState(`${this.layout.length} values of ${name}, got ${length}`)
    }
  }

  #requireRange(offset: number, length: number): void {
    if (!Number.isInteger(offset) || offset < 0 || offset + length > this.layout.length) {
      throw new MurmurError({
        code: 'MESSAGE_INVALID',
        message: `Expected a range within ${this.layout.length} parameters, got ${length} from ${offset}`,
      })
    }
  }

  #requireIdle(what: string): void {
    if (this.#running || this.#closing) {
      throw new MurmurError({
        code: 'TRAINER_FAILED',
        message: `Cannot ${what}: the trainer is ${this.#closing ? 'closed' : 'running'}`,
      })
    }
  }

  /** Runs `task` between two steps, or at once when no step loop runs; tasks never overlap. */
  #atBoundary<T>(task: () => T | Promise<T>): Promise<T> {
    if (this.#closing) {
      return Promise.reject(new MurmurError({ code: 'TRAINER_FAILED', message: 'The trainer is closed' }))
    }
    const result = new Promise<T>((resolve, reject) => {
      this.#boundary.push(async () => {
        try {
          resolve(await task())
        } catch (error) {
          reject(error)
        }
      })
    })
    if (!this.#running) void this.#drain()
    return result
  }

  /** Resolves when nothing waits for a boundary any more. */
  #drain(): Promise<void> {
    this.#draining ??= this.#runBoundaryTasks()
    return this.#draining
  }

  async #runBoundaryTasks(): Promise<void> {
    await null // so that the assignment in `drain` comes before the one below
    for (let task = this.#boundary.shift(); task; task = this.#boundary.shift()) await task()
    // Together with the last look at the queue: whoever queues after this begins anew.
    this.#draining = undefined
  }
}

function invalidState(problem: string): MurmurError {
  return new MurmurError({ code: 'CHECKPOINT_INVALID', message: `Expected ${problem}` })
}
