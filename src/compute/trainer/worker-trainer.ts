import { Worker } from 'node:worker_threads'
import { type Arena, createArena, type VectorLocation } from '../../core/arena.ts'
import { errorFromData, MurmurError } from '../../core/errors.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import type { GradientReducer, Stamp } from '../../core/parameters.ts'
import type { BuildTrainerInit } from './build-trainer.ts'
import type { Evaluation, StepReport, Trainer, TrainerDescription, TrainerState } from './trainer.ts'
import type { TrainerConfig } from './trainer-config.ts'
import type {
  GradientReduced,
  TrainerCalls,
  TrainerCancellation,
  TrainerMessage,
  TrainerMethod,
  TrainerWorkerData,
} from './worker-protocol.ts'

/** Starts a trainer in its own thread. @throws MurmurError whatever `buildTrainer` throws in there; the signal's reason */
export async function workerTrainer(config: TrainerConfig, init: BuildTrainerInit = {}): Promise<Trainer> {
  const { signal, onTokenising, onNotice, arena = createArena() } = init
  signal?.throwIfAborted()
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), {
    workerData: { config, memory: arena.memory } satisfies TrainerWorkerData,
  })
  const ready = Promise.withResolvers<Trainer>()
  const calls = new WorkerCalls(worker)
  worker.on('error', error =>
    calls.fail(workerDied(`failed: ${error instanceof Error ? error.message : error}`, error)),
  )
  worker.on('exit', code => calls.fail(workerDied(`ended with code ${code}`)))
  worker.on('message', (message: TrainerMessage) => {
    if (message.type === 'ready') ready.resolve(new WorkerTrainer(worker, calls, arena, message))
    else if (message.type === 'failed') calls.fail(errorFromData(message.error))
    else if (message.type === 'tokenising') onTokenising?.(message.progress)
    else if (message.type === 'notice') onNotice?.(message.notice)
    else calls.receive(message)
  })
  calls.failed.then(ready.reject)
  const cancel = () => worker.postMessage({ cancel: 'building' } satisfies TrainerCancellation)
  signal?.addEventListener('abort', cancel)
  try {
    return await ready.promise
  } catch (error) {
    await worker.terminate()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

function workerDied(how: string, cause?: unknown): MurmurError {
  return new MurmurError({ code: 'TRAINER_FAILED', message: `The trainer's thread ${how}`, cause })
}

interface PendingCall {
  resolve(reply: TrainerCalls[TrainerMethod]['reply']): void
  reject(error: unknown): void
}

/** Requests under way, matched with their answers. Once it has failed, every request fails the same way. */
class WorkerCalls {
  /** Resolves with the reason when the worker can answer no more. */
  readonly failed: Promise<unknown>
  onStep: (report: StepReport) => void = () => {}
  onReduce: (step: number, gradient: VectorLocation) => Promise<void> = async () => {}
  readonly #worker: Worker
  readonly #pending = new Map<number, PendingCall>()
  readonly #resolveFailed: (reason: unknown) => void
  #nextId = 0
  #failure: unknown

  constructor(worker: Worker) {
    this.#worker = worker
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.failed = promise
    this.#resolveFailed = resolve
  }

  /** The signal only asks the worker to stop: what it answers then is up to the method. */
  async call<M extends TrainerMethod>(
    method: M,
    request: TrainerCalls[M]['request'],
    signal?: AbortSignal,
  ): Promise<TrainerCalls[M]['reply']> {
    if (this.#failure) throw this.#failure
    const id = this.#nextId++
    const cancel = () => this.#worker.postMessage({ cancel: id } satisfies TrainerCancellation)
    try {
      return await new Promise((resolve, reject) => {
        // The worker answers a request of method M with M's reply (worker-protocol.ts), which the map cannot express.
        this.#pending.set(id, { resolve: resolve as PendingCall['resolve'], reject })
        this.#worker.postMessage({ id, method, request })
        if (signal?.aborted) cancel()
        else signal?.addEventListener('abort', cancel)
      })
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  receive(message: Exclude<TrainerMessage, { type: 'ready' | 'failed' | 'tokenising' | 'notice' }>): void {
    if (this.#failure) return // what a dying thread had still posted: its caller was told of the end already
    if (message.type === 'step') {
      this.onStep(message.report)
      return
    }
    if (message.type === 'reduce') {
      void this.onReduce(message.step, message.gradient).finally(() =>
        this.#worker.postMessage({ reduced: true } satisfies GradientReduced),
      )
      return
    }
    const call = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if (message.type === 'reply') call?.resolve(message.reply)
    else call?.reject(errorFromData(message.error))
  }

  fail(error: unknown): void {
    this.#failure ??= error
    this.#resolveFailed(this.#failure)
    for (const call of this.#pending.values()) call.reject(this.#failure)
    this.#pending.clear()
  }
}

class WorkerTrainer implements Trainer {
  readonly layout: ParameterLayout
  readonly description: TrainerDescription
  readonly #worker: Worker
  readonly #calls: WorkerCalls
  readonly #arena: Arena
  #running = false
  #closing: Promise<void> | undefined

  constructor(
    worker: Worker,
    calls: WorkerCalls,
    arena: Arena,
    { layout, description }: { layout: ParameterLayout; description: TrainerDescription },
  ) {
    this.#worker = worker
    this.#calls = calls
    this.#arena = arena
    this.layout = layout
    this.description = description
  }

  async run(
    until: number,
    onStep: (report: StepReport) => void,
    signal: AbortSignal,
    reduceGradient?: GradientReducer,
  ): Promise<void> {
    if (this.#running) {
      throw new MurmurError({ code: 'TRAINER_FAILED', message: 'Cannot run: the trainer is running' })
    }
    if (signal.aborted) return
    this.#running = true
    this.#calls.onStep = onStep
    this.#calls.onReduce = async (step, gradient) => await reduceGradient?.(this.#arena.at(gradient), step, signal)
    try {
      await this.#calls.call('run', { until, reducing: reduceGradient !== undefined }, signal)
    } finally {
      this.#running = false
    }
  }

  allocate(length: number): Float32Array<SharedArrayBuffer> {
    return this.#arena.floats(length)
  }

  async snapshot(offset: number, into: Float32Array<SharedArrayBuffer>, signal?: AbortSignal): Promise<Stamp> {
    signal?.throwIfAborted()
    return await this.#calls.call('snapshot', { offset, into: this.#arena.locate(into) }, signal)
  }

  async apply(offset: number, delta: Float32Array<SharedArrayBuffer>, scale: number): Promise<Stamp> {
    return await this.#calls.call('apply', { offset, delta: this.#arena.locate(delta), scale })
  }

  async evaluate(signal?: AbortSignal): Promise<Evaluation> {
    signal?.throwIfAborted()
    return await this.#calls.call('evaluate', null, signal)
  }

  async save(): Promise<TrainerState> {
    return await this.#calls.call('save', null)
  }

  async restore(state: TrainerState): Promise<void> {
    await this.#calls.call('restore', state)
  }

  async adopt(parameters: Float32Array, step: number): Promise<void> {
    await this.#calls.call('adopt', { parameters, step })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Answered when the step under way has ended, or failed if the thread has. There is no way to hurry: to end a thread
    // in the middle of onnxruntime's native code aborts the whole process.
    await this.#calls.call('close', null).catch(() => {})
    this.#calls.fail(new MurmurError({ code: 'TRAINER_FAILED', message: 'The trainer is closed' }))
    await this.#worker.terminate()
  }
}
