import type { Tensor } from 'onnxruntime-node'
import type { TracedBackend } from '../engine.ts'
import { type Graph, graphInputs } from '../graph.ts'
import { serialize } from '../onnx/serialize.ts'
import { hostTensor, loadRuntime, type Runtime } from '../runtime.ts'
import type { Elements } from '../session.ts'
import { leaseSession, type SessionLease } from '../session-cache.ts'

/** A tensor on the device. Its memory is the device's until it is released. */
export interface DeviceTensor {
  readonly tensor: Tensor
  release(): void
}

export type DeviceFeeds = Readonly<Record<string, DeviceTensor | Elements>>

export interface DeviceResults {
  /** Outputs that stayed on the device. */
  device: Readonly<Record<string, DeviceTensor>>
  /** The others. */
  host: Readonly<Record<string, Elements>>
}

/** A compiled graph that reads tensors from the device or from this machine's memory, and leaves some of its outputs there. */
export interface DeviceSession {
  /** @param into memory for outputs that come back, by name; the others are allocated */
  run(feeds: DeviceFeeds, into?: Readonly<Record<string, Elements>>): Promise<DeviceResults>
  release(): Promise<void>
}

export interface DeviceSessionInit {
  provider: TracedBackend
  /** Names of the outputs that stay on the device. */
  resident: readonly string[]
}

/** @throws MurmurError `BACKEND_UNAVAILABLE` */
export async function openDeviceSession(graph: Graph, init: DeviceSessionInit): Promise<DeviceSession> {
  const runtime = await loadRuntime()
  const lease = await leaseSession(runtime, serialize(graph), { ...init, threads: 1 })
  return new OnnxDeviceSession(runtime, lease, graph, new Set(init.resident))
}

class OnnxDeviceSession implements DeviceSession {
  readonly #runtime: Runtime
  readonly #lease: SessionLease
  readonly #inputs: ReadonlyMap<string, readonly number[]>
  readonly #outputs: ReadonlyMap<string, readonly number[]>
  readonly #resident: ReadonlySet<string>

  constructor(runtime: Runtime, lease: SessionLease, graph: Graph, resident: ReadonlySet<string>) {
    this.#runtime = runtime
    this.#lease = lease
    this.#inputs = new Map(graphInputs(graph).map(({ name, value }) => [name, value.shape]))
    this.#outputs = new Map([...graph.outputs].map(([name, { shape }]) => [name, shape]))
    this.#resident = resident
  }

  async run(feeds: DeviceFeeds, into: Readonly<Record<string, Elements>> = {}): Promise<DeviceResults> {
    const tensors: Record<string, Tensor> = {}
    for (const [name, shape] of this.#inputs) {
      const feed = feeds[name]
      if (!feed) throw new TypeError(`Expected \`${name}\` among the inputs, got ${Object.keys(feeds).join(', ')}`)
      tensors[name] = 'tensor' in feed ? feed.tensor : hostTensor(this.#runtime, name, feed, shape)
    }
    const fetches = Object.fromEntries(
      [...this.#outputs].map(([name, shape]) => {
        const memory = into[name]
        return [name, memory ? hostTensor(this.#runtime, name, memory, shape) : null]
      }),
    )
    const results = await this.#lease.native.run(tensors, fetches)
    const device: Record<string, DeviceTensor> = {}
    const host: Record<string, Elements> = {}
    for (const name of this.#outputs.keys()) {
      const tensor = results[name] as Tensor
      if (this.#resident.has(name)) device[name] = { tensor, release: () => tensor.dispose() }
      else host[name] = tensor.data as Elements
    }
    return { device, host }
  }

  async release(): Promise<void> {
    await this.#lease.release()
  }
}
