import type { TracedBackend } from '../engine/engine.ts'
import { evaluationGraph } from '../engine/evaluation-graph.ts'
import type { Graph } from '../engine/graph.ts'
import { optimize } from '../engine/optimize.ts'
import { type DeviceSession, openDeviceSession } from '../engine/resident/device-session.ts'
import { accumulationGraph, type StepGraphInit, updateGraph } from '../engine/resident/step-graph.ts'
import type { UpdateExpression } from '../engine/resident/update-expressions.ts'

export interface StepSessionsInit extends Omit<StepGraphInit, 'continues'> {
  update: UpdateExpression
  /** Largest Euclidean norm of the gradient; 0 leaves it alone. */
  gradientClip: number
}

/** The compiled graphs of a step on a device, each made when it is first asked for. */
export class StepSessions {
  readonly #backend: TracedBackend
  readonly #init: StepSessionsInit
  readonly #open = new Map<string, Promise<DeviceSession>>()

  constructor(backend: TracedBackend, init: StepSessionsInit) {
    this.#backend = backend
    this.#init = init
  }

  /** A step's first micro-batch, or one in the middle. */
  accumulation(continues: boolean): Promise<DeviceSession> {
    return this.#session(`accumulation ${continues}`, () => accumulationGraph({ ...this.#init, continues }))
  }

  /** A step's last micro-batch and the update. */
  update(): Promise<DeviceSession> {
    const { update, gradientClip, microBatches } = this.#init
    return this.#session('update', () =>
      updateGraph({ ...this.#init, continues: microBatches > 1 }, update, gradientClip),
    )
  }

  evaluation(): Promise<DeviceSession> {
    const { model, layout, batchSize } = this.#init
    return this.#session('evaluation', () => evaluationGraph(model, layout, batchSize))
  }

  async release(): Promise<void> {
    for (const session of this.#open.values()) await (await session.catch(() => undefined))?.release()
    this.#open.clear()
  }

  #session(name: string, trace: () => Promise<Graph>): Promise<DeviceSession> {
    const session = this.#open.get(name) ?? this.#compile(trace)
    this.#open.set(name, session)
    return session
  }

  async #compile(trace: () => Promise<Graph>): Promise<DeviceSession> {
    const graph = optimize(await trace(), { precision: this.#init.precision })
    // What takes an input's place in the next run stays; the rest is for the caller.
    const resident = [...graph.outputs.keys()].filter(name => name.startsWith('next/'))
    return await openDeviceSession(graph, { provider: this.#backend, resident })
  }
}
