import { createHash } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import type { ParameterLayout } from '../../core/layout.ts'
import { type ParameterHost, sharedFloats } from '../../core/parameters.ts'
import { allFinite } from '../../core/vector.ts'
import type { Manifest } from './state-protocol.ts'

/** One copy of all parameters, at one step, with what describes it. */
export interface StateSnapshot {
  values: Float32Array<SharedArrayBuffer>
  /** Undefined if the parameters held NaN or infinity. */
  manifest: Manifest | undefined
}

export interface SnapshotComponents {
  parameters: ParameterHost
  layout: ParameterLayout
  clock: Clock
  progress(): { step: number; tokens: number }
}

/** Milliseconds for which a copy is handed to new joiners: several that come together share it. */
const FRESH = 30_000

/** Joiners served at once: each takes bandwidth from the averaging. */
const MAX_READERS = 2

/** Values hashed between two turns of the event loop: about half a millisecond. */
const SLICE = 128 * 1024

/**
 * The one copy that all joiners share. It is made when somebody asks and none is fresh, kept while somebody reads it
 * and let go of after the last reader left.
 */
export class SharedSnapshot {
  readonly #components: SnapshotComponents
  #current: { made: Promise<StateSnapshot>; at: number; readers: number } | undefined

  constructor(components: SnapshotComponents) {
    this.#components = components
  }

  /** Whether another reader would be turned away: enough read already, or what they read has become too old. */
  isBusy(): boolean {
    if (!this.#current) return false
    return this.#current.readers >= MAX_READERS || this.#components.clock.now() - this.#current.at >= FRESH
  }

  /** Calls `read` with a copy that stays as it is meanwhile. Not while busy. */
  async read<T>(read: (snapshot: StateSnapshot) => Promise<T>): Promise<T> {
    this.#current ??= { made: this.#make(), at: this.#components.clock.now(), readers: 0 }
    const held = this.#current
    held.readers += 1
    try {
      return await read(await held.made)
    } finally {
      held.readers -= 1
      if (held.readers === 0) this.#current = undefined
    }
  }

  async #make(): Promise<StateSnapshot> {
    const { parameters, layout, clock, progress } = this.#components
    const values = sharedFloats(layout.length)
    const { step } = await parameters.snapshot(0, values)
    const { tokens } = progress()
    const shards: Manifest['shards'] = []
    let finite = true
    for (const { name, offset, length } of layout.shards) {
      const hash = createHash('sha256')
      for (let at = offset; at < offset + length; at += SLICE) {
        const slice = values.subarray(at, Math.min(at + SLICE, offset + length))
        finite &&= allFinite(slice)
        hash.update(new Uint8Array(slice.buffer, slice.byteOffset, slice.byteLength))
        await clock.turn()
      }
      shards.push({ name, length, sha256: hash.digest('hex') })
    }
    return { values, manifest: finite ? { type: 'manifest', step, tokens, shards } : undefined }
  }
}
