import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../network/transport.ts'
import type { Codec } from '../compression/codec.ts'
import type { View } from './view.ts'

/** A delta that was computed and sent but not yet applied. */
export interface PreparedDelta {
  peer: PeerId
  id: string
  view: View
  codec: Codec
  /** The encoded delta: what the initiator decodes is what this side applies. */
  chunks: Uint8Array[]
  /** Local steps finished before this side's snapshot. */
  step: number
  /** Root mean square of the full correction. */
  distance: number
}

/**
 * What a responder remembers between `prepared` and `committed`, and after. An id goes from prepared to committed or
 * to nothing, never back: that is what makes a repeated commit harmless. At most one prepared delta a partner (who
 * offers anew has given the last one up) and `MAX_PREPARED` in all.
 */
export class PreparedDeltas {
  readonly #clock: Clock
  readonly #ttl: number
  readonly #prepared = new Map<PeerId, PreparedDelta & { until: number }>()
  /** By id, oldest first. The weight that was, or is being, applied. */
  readonly #committed = new Map<string, { peer: PeerId; weight: Promise<number>; until: number }>()

  /** @param ttl milliseconds for which a delta, and later its id, is kept */
  constructor(clock: Clock, ttl: number) {
    this.#clock = clock
    this.#ttl = ttl
  }

  hasRoomFor(peer: PeerId): boolean {
    this.prune()
    return this.#prepared.size < MAX_PREPARED || this.#prepared.has(peer)
  }

  prepare(delta: PreparedDelta): void {
    this.#prepared.set(delta.peer, { ...delta, until: this.#clock.now() + this.#ttl })
  }

  /** Removes and returns a delta, if this partner prepared it here and it has not expired. */
  take(peer: PeerId, id: string): PreparedDelta | undefined {
    this.prune()
    const delta = this.#prepared.get(peer)
    if (delta?.id !== id) return undefined
    this.#prepared.delete(peer)
    return delta
  }

  /** Remembers that the delta of this id is being applied; `weight` tells when it was. */
  committing(peer: PeerId, id: string, weight: Promise<number>): void {
    this.#committed.set(id, { peer, weight, until: this.#clock.now() + this.#ttl })
    if (this.#committed.size > MAX_COMMITTED) this.#committed.delete(this.#committed.keys().next().value!)
  }

  /** The weight with which this partner's delta was applied, or undefined if it was not. */
  committed(peer: PeerId, id: string): Promise<number> | undefined {
    const entry = this.#committed.get(id)
    return entry?.peer === peer ? entry.weight : undefined
  }

  /** Forgets what has expired. */
  prune(): void {
    const now = this.#clock.now()
    for (const [peer, delta] of this.#prepared) if (delta.until <= now) this.#prepared.delete(peer)
    for (const [id, entry] of this.#committed) {
      if (entry.until > now) break
      this.#committed.delete(id)
    }
  }

  clear(): void {
    this.#prepared.clear()
  }
}

/** Each holds one encoded delta. */
const MAX_PREPARED = 4

/** Each holds an id. More than a peer can answer within a deadline, and a bound whatever happens. */
const MAX_COMMITTED = 4096
