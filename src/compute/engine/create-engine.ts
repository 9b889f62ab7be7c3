import type { Tensor } from '@tensorflow/tfjs-core'
import type { ParameterLayout } from '../../core/layout.ts'
import type { InputSpec, Model, NamedTensors } from '../models/model.ts'
import { chooseBackend } from './choose-backend.ts'
import { eagerEngine } from './eager/eager-engine.ts'
import {
  type BackendChoice,
  type BackendName,
  backendChoices,
  type Engine,
  eagerBackends,
  type InferenceGraph,
  isEager,
  type Precision,
  type TrainingGraph,
  type TrainingMemory,
} from './engine.ts'
import { type BackendNotice, type BackendOrder, type FallbackInit, onFirstBackend } from './fallback.ts'
import { onnxEngine } from './onnx-engine.ts'
import { probeBackend } from './probe.ts'

export interface BackendOrderInit {
  /** Threads inside one operation: what a GPU has to be faster than. Must be >= 1. @default 1 */
  threads?: number
  /** Ends the search of `auto`. */
  signal?: AbortSignal
}

/**
 * The order in which to try backends: the one that is asked for first, or the best that works here for `auto`, which
 * takes a second or two to find out.
 * @throws MurmurError `BACKEND_UNAVAILABLE` if `auto` finds nothing
 */
export async function orderBackends(choice: BackendChoice, init: BackendOrderInit = {}): Promise<BackendOrder> {
  if (!backendChoices.includes(choice)) {
    throw new TypeError(`Expected \`backend\` to be one of ${backendChoices.join(', ')}, got ${choice}`)
  }
  if (choice !== 'auto') return { names: unique([choice, ...eagerBackends]), first: 'required' }
  const { backend } = await chooseBackend(name => probeBackend(name, init))
  return { names: unique([backend, 'cpu', ...eagerBackends]), first: 'preferred' }
}

const unique = (names: readonly BackendName[]): BackendName[] => [...new Set(names)]

export interface CreateEngineInit extends BackendOrderInit, FallbackInit {
  /** @default 'cpu' */
  backend?: BackendChoice
  /** Of traced graphs; tfjs's own backends compute in float32. @default 'float32' */
  precision?: Precision
}

/**
 * The engine for a backend, which compiles each graph on the first backend that can: see `orderBackends` and
 * `onFirstBackend`. A notice is given once.
 * @throws MurmurError `BACKEND_UNAVAILABLE` if `auto` finds nothing
 */
export async function createEngine(init: CreateEngineInit = {}): Promise<Engine> {
  const { backend = 'cpu', threads = 1, precision = 'float32', strict, onNotice } = init
  if (!Number.isInteger(threads) || threads < 1) {
    throw new TypeError(`Expected \`threads\` to be an integer >= 1, got ${threads}`)
  }
  const order = await orderBackends(backend, init)
  return new FallbackEngine(order, { threads, precision }, { strict, onNotice: once(onNotice) })
}

function once(onNotice: FallbackInit['onNotice']): (notice: BackendNotice) => void {
  const told = new Set<string>()
  return notice => {
    if (!told.has(notice.message)) onNotice?.(notice)
    told.add(notice.message)
  }
}

interface TracedSettings {
  threads: number
  precision: Precision
}

class FallbackEngine implements Engine {
  readonly backend: BackendName
  readonly threads: number
  readonly precision: Precision
  readonly #order: BackendOrder
  readonly #fallback: FallbackInit

  constructor(order: BackendOrder, { threads, precision }: TracedSettings, fallback: FallbackInit) {
    this.backend = order.names[0]!
    this.threads = threads
    this.precision = precision
    this.#order = order
    this.#fallback = fallback
  }

  async compileTraining(model: Model, batchSize: number, memory: TrainingMemory): Promise<TrainingGraph> {
    return await this.#compile(engine => engine.compileTraining(model, batchSize, memory))
  }

  async compileInference(
    forward: (parameters: NamedTensors, batch: NamedTensors) => Tensor,
    inputs: readonly InputSpec[],
    memory: { layout: ParameterLayout; parameters: Float32Array<SharedArrayBuffer> },
  ): Promise<InferenceGraph> {
    return await this.#compile(engine => engine.compileInference(forward, inputs, memory))
  }

  async #compile<T>(compile: (engine: Engine) => Promise<T>): Promise<T> {
    const { threads, precision } = this
    return await onFirstBackend(this.#order, this.#fallback, async name =>
      compile(isEager(name) ? await eagerEngine(name) : onnxEngine({ backend: name, threads, precision })),
    )
  }
}
