import type { Arena } from '../../core/arena.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import { addScaled, allFinite } from '../../core/vector.ts'
import type { BackendName, Batch, GradientInit, Precision, TrainingGraph, TrainingMemory } from '../engine/engine.ts'
import { type Measurement, meanMeasurement } from '../engine/measurement.ts'
import { clipping } from '../optim/clip.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { type Statistics, statistics } from '../optim/statistics.ts'
import { LossScale } from './loss-scale.ts'
import { microBatches, microBatchSeed } from './micro-batches.ts'
import type { Replica, ReplicaVectors, UpdateInit, UpdateReport } from './replica.ts'

export interface HostReplicaComponents {
  /** Compiled for a micro-batch. */
  graph: TrainingGraph
  optimizer: Optimizer
  memory: TrainingMemory
  /** Where optimizer state and sums lie: that of `memory`, if the loops are to be fast. */
  arena: Arena
}

export interface HostReplicaInit {
  /** Parts in which a batch's gradient is computed, one after the other. Must be >= 1. */
  microBatches: number
  /** Largest Euclidean norm of the gradient; 0 leaves it alone. */
  gradientClip: number
  /** In which the graph computes. @default 'float32' */
  precision?: Precision
}

/** A replica in this machine's memory: the graph reads and writes it in place, and the optimizer loops over it. */
export function hostReplica(components: HostReplicaComponents, init: HostReplicaInit): Replica {
  return new HostReplica(components, init)
}

class HostReplica implements Replica {
  readonly backend: BackendName
  readonly threads: number
  readonly layout: ParameterLayout
  readonly optimizerState: readonly string[]
  readonly #c: HostReplicaComponents
  readonly #init: HostReplicaInit
  readonly #lossScale: LossScale | undefined
  readonly #state: readonly Float32Array[]
  readonly #statistics: Statistics
  /** Sum of the micro-batches' gradients, where there are several. */
  readonly #sum: Float32Array<SharedArrayBuffer> | undefined

  constructor(components: HostReplicaComponents, init: HostReplicaInit) {
    const { memory, optimizer, arena } = components
    this.#c = components
    this.#init = init
    this.#lossScale = init.precision === 'mixed' ? new LossScale() : undefined
    this.layout = memory.layout
    this.backend = components.graph.backend
    this.threads = components.graph.threads
    this.optimizerState = optimizer.state
    this.#state = optimizer.state.map(() => arena.floats(memory.layout.length))
    this.#statistics = statistics(memory.layout)
    this.#sum = init.microBatches > 1 ? arena.floats(memory.layout.length) : undefined
  }

  async update(batch: Batch, init: UpdateInit): Promise<UpdateReport> {
    if (!this.#lossScale) return await this.#attempt(batch, init)
    return await this.#lossScale.step(scale => this.#attempt(batch, init, scale))
  }

  async #attempt(
    batch: Batch,
    { learningRate, age, seed, reduce }: UpdateInit,
    lossScale?: number,
  ): Promise<UpdateReport> {
    const { memory, optimizer } = this.#c
    const loss = await this.#lossAndGradients(batch, { lossScale, seed })
    const gradients = this.#sum ?? memory.gradients
    if (reduce && Number.isFinite(loss) && allFinite(gradients)) await reduce(gradients)
    this.#statistics.take(gradients)
    const { norm, scale } = clipping(gradients, this.#init.gradientClip)
    if (Number.isFinite(loss) && Number.isFinite(norm)) {
      optimizer.update(memory.parameters, gradients, this.#state, learningRate, age, scale)
      this.#statistics.apply(memory.parameters)
    }
    return { loss, gradientNorm: norm }
  }

  async #lossAndGradients(batch: Batch, init: GradientInit): Promise<number> {
    const { graph, memory } = this.#c
    if (!this.#sum) return await graph.lossAndGradients(batch, init)
    const weight = 1 / this.#init.microBatches
    let loss = 0
    this.#sum.fill(0)
    for (const [i, part] of microBatches(batch, this.#init.microBatches).entries()) {
      const seed = microBatchSeed(init.seed ?? 0, i)
      loss += weight * (await graph.lossAndGradients(part, { ...init, seed }))
      addScaled(this.#sum, memory.gradients, weight)
    }
    return loss
  }

  async evaluate(batch: Batch): Promise<Measurement> {
    const parts: Measurement[] = []
    for (const part of microBatches(batch, this.#init.microBatches)) parts.push(await this.#c.graph.evaluate(part))
    return meanMeasurement(parts)
  }

  async read(offset: number, into: Float32Array): Promise<void> {
    into.set(this.#range(offset, into.length))
  }

  async add(offset: number, delta: Float32Array, scale: number): Promise<void> {
    addScaled(this.#range(offset, delta.length), delta, scale)
  }

  #range(offset: number, length: number): Float32Array {
    return this.#c.memory.parameters.subarray(offset, offset + length)
  }

  async save(into: ReplicaVectors): Promise<void> {
    into.parameters.set(this.#c.memory.parameters)
    for (const [i, name] of this.optimizerState.entries()) into.optimizer[name]!.set(this.#state[i]!)
  }

  async restore(parameters: Float32Array, optimizer?: Readonly<Record<string, Float32Array>>): Promise<void> {
    this.#c.memory.parameters.set(parameters)
    for (const [i, name] of this.optimizerState.entries()) {
      if (optimizer) this.#state[i]!.set(optimizer[name]!)
      else this.#state[i]!.fill(0)
    }
  }

  async release(): Promise<void> {
    await this.#c.graph.release()
  }
}
