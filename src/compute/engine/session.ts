import type { Tensor } from 'onnxruntime-node'
import type { TracedBackend } from './engine.ts'
import { type Graph, graphInputs } from './graph.ts'
import { serialize } from './onnx/serialize.ts'
import { hostTensor, loadRuntime, type Runtime } from './runtime.ts'
import { leaseSession, type SessionLease } from './session-cache.ts'

export type Elements = Float32Array | Int32Array

/** Memory of a graph's inputs and outputs by name: what is bound is read and written in place, run after run. */
export type Bindings = Readonly<Record<string, Elements>>

export interface SessionInit {
  provider: TracedBackend
  threads: number
}

/** A compiled graph whose large inputs and outputs are bound to given memory. */
export interface Session {
  /** Runs with the unbound inputs from `feeds`; returns the unbound outputs. */
  run(feeds: Bindings): Promise<Readonly<Record<string, Elements>>>
  release(): Promise<void>
}

/** @throws MurmurError `BACKEND_UNAVAILABLE` if onnxruntime's native library does not load */
export async function openSession(graph: Graph, bound: Bindings, init: SessionInit): Promise<Session> {
  const runtime = await loadRuntime()
  const lease = await leaseSession(runtime, serialize(graph), init)
  return new OnnxSession(runtime, lease, graph, bound)
}

class OnnxSession implements Session {
  readonly #runtime: Runtime
  readonly #lease: SessionLease
  readonly #shapes: ReadonlyMap<string, readonly number[]>
  readonly #feeds: Record<string, Tensor> = {}
  readonly #fetches: Record<string, Tensor | null> = {}
  readonly #unbound: readonly string[]

  constructor(runtime: Runtime, lease: SessionLease, graph: Graph, bound: Bindings) {
    this.#runtime = runtime
    this.#lease = lease
    const inputs = graphInputs(graph).map(({ name, value }) => [name, value.shape] as const)
    this.#shapes = new Map(inputs)
    for (const [name, shape] of inputs) {
      const memory = bound[name]
      if (memory) this.#feeds[name] = hostTensor(this.#runtime, name, memory, shape)
    }
    for (const [name, { shape }] of graph.outputs) {
      const memory = bound[name]
      this.#fetches[name] = memory ? hostTensor(this.#runtime, name, memory, shape) : null
    }
    this.#unbound = [...graph.outputs.keys()].filter(name => !bound[name])
  }

  async run(feeds: Bindings): Promise<Readonly<Record<string, Elements>>> {
    const all = { ...this.#feeds }
    for (const [name, shape] of this.#shapes) {
      if (all[name]) continue
      const memory = feeds[name]
      if (!memory) throw new TypeError(`Expected \`${name}\` among the inputs, got ${Object.keys(feeds).join(', ')}`)
      all[name] = hostTensor(this.#runtime, name, memory, shape)
    }
    const results = await this.#lease.native.run(all, this.#fetches)
    return Object.fromEntries(this.#unbound.map(name => [name, results[name]!.data as Elements]))
  }

  async release(): Promise<void> {
    await this.#lease.release()
  }
}
