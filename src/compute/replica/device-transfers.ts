import type { ParameterLayout } from '../../core/layout.ts'
import type { TracedBackend } from '../engine/engine.ts'
import { type DeviceSession, type DeviceTensor, openDeviceSession } from '../engine/resident/device-session.ts'
import {
  additionGraph,
  copyGraph,
  deltaName,
  resultName,
  scaleName,
  valueName,
} from '../engine/resident/transfer-graphs.ts'

/** A vector of the layout as one tensor for each parameter: on the device, or still in this machine's memory. */
export type TensorVector = (DeviceTensor | Float32Array)[]

/** Compiled transfers that are kept: a peer moves whole shards, of which there are few. */
const kept = 16

/** Moves ranges of vectors, laid out as the parameters, between a device and this machine's memory. */
export class DeviceTransfers {
  readonly #backend: TracedBackend
  readonly #layout: ParameterLayout
  readonly #sessions = new Map<string, DeviceSession>()

  constructor(backend: TracedBackend, layout: ParameterLayout) {
    this.#backend = backend
    this.#layout = layout
  }

  /** Copies `into.length` elements from `offset`. */
  async read(vector: TensorVector, offset: number, into: Float32Array): Promise<void> {
    const parts = this.#parts(offset, into.length)
    const session = await this.#session('copy', parts)
    // A tensor that is wanted whole arrives where it is wanted, another one in memory of its own.
    const memory = parts.map(({ length, whole, from }) =>
      whole ? into.subarray(from, from + length) : new Float32Array(length),
    )
    await session.run(
      Object.fromEntries(parts.map(({ at }, place) => [valueName(place), vector[at]!])),
      Object.fromEntries(memory.map((part, place) => [resultName(place), part])),
    )
    for (const [place, { whole, from, start, end }] of parts.entries()) {
      if (!whole) into.set(memory[place]!.subarray(start, end), from + start)
    }
  }

  /** Adds `scale * delta` from `offset`, in the vector's own places. */
  async add(vector: TensorVector, offset: number, delta: Float32Array, scale: number): Promise<void> {
    const parts = this.#parts(offset, delta.length)
    const session = await this.#session('add', parts)
    const deltas = parts.map(({ length, whole, from, start, end }) => {
      if (whole) return delta.subarray(from, from + length)
      const padded = new Float32Array(length)
      padded.set(delta.subarray(from + start, from + end), start)
      return padded
    })
    const { device } = await session.run({
      [scaleName]: Float32Array.of(scale),
      ...Object.fromEntries(parts.map(({ at }, place) => [valueName(place), vector[at]!])),
      ...Object.fromEntries(deltas.map((part, place) => [deltaName(place), part])),
    })
    for (const [place, { at }] of parts.entries()) replace(vector, at, device[resultName(place)]!)
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release()
    this.#sessions.clear()
  }

  /** The tensors that a range touches. */
  #parts(offset: number, count: number): Part[] {
    return this.#layout.tensors.flatMap((tensor, at) => {
      const from = tensor.offset - offset
      const start = Math.max(0, -from)
      const end = Math.min(tensor.length, count - from)
      if (start >= end) return []
      return [{ at, length: tensor.length, from, start, end, whole: end - start === tensor.length }]
    })
  }

  async #session(kind: 'copy' | 'add', parts: readonly Part[]): Promise<DeviceSession> {
    const key = `${kind} ${parts[0]?.at} ${parts.length}`
    const session = this.#sessions.get(key) ?? (await this.#open(kind, parts))
    this.#sessions.delete(key)
    this.#sessions.set(key, session) // the newest last
    for (const [oldest, unused] of this.#sessions) {
      if (this.#sessions.size <= kept) break
      this.#sessions.delete(oldest)
      await unused.release()
    }
    return session
  }

  #open(kind: 'copy' | 'add', parts: readonly Part[]): Promise<DeviceSession> {
    const shapes = parts.map(({ at }) => this.#layout.tensors[at]!.shape)
    const graph = kind === 'copy' ? copyGraph(shapes) : additionGraph(shapes)
    const resident = kind === 'copy' ? [] : [...graph.outputs.keys()]
    return openDeviceSession(graph, { provider: this.#backend, resident })
  }
}

/** What a range and a tensor have in common. */
interface Part {
  /** The tensor's place in the layout. */
  at: number
  /** Elements of the tensor. */
  length: number
  /** Where the tensor begins in the range; negative if before it. */
  from: number
  /** First and one past the last of its elements that lie in the range. */
  start: number
  end: number
  whole: boolean
}

/** Puts a tensor in another's place, and frees the other. */
export function replace(vector: TensorVector, at: number, tensor: DeviceTensor): void {
  const former = vector[at]!
  vector[at] = tensor
  if ('release' in former) former.release()
}
