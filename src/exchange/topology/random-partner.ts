import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import type { PeerId } from '../../network/transport.ts'

export interface PartnerChoice {
  /** One of the candidates, or undefined if there are none. */
  pick(candidates: readonly PeerId[]): PeerId | undefined
  /** Avoids this peer for a while. */
  failed(peer: PeerId): void
}

export interface RandomPartnerInit {
  /** Milliseconds for which a peer that failed is avoided. @default 30000. Must be >= 0. */
  backOff?: number
}

/** Peers avoided at once: far more than fail within one back-off, and a bound whatever happens. */
const MAX_AVOIDED = 64

/**
 * Uniformly random among the candidates. A peer that failed lately is avoided, unless all did: then it is as good as
 * any other.
 */
export function randomPartner(
  init: RandomPartnerInit = {},
): (components: { clock: Clock; random: Random }) => PartnerChoice {
  return components => new RandomPartner(components, init)
}

class RandomPartner implements PartnerChoice {
  readonly #clock: Clock
  readonly #random: Random
  readonly #backOff: number
  /** Peer -> when it may be picked again, oldest first. */
  readonly #avoided = new Map<PeerId, number>()

  constructor(components: { clock: Clock; random: Random }, init: RandomPartnerInit) {
    this.#clock = components.clock
    this.#random = components.random
    this.#backOff = init.backOff ?? 30_000
  }

  pick(candidates: readonly PeerId[]): PeerId | undefined {
    const now = this.#clock.now()
    for (const [peer, until] of this.#avoided) if (until <= now) this.#avoided.delete(peer)
    const good = this.#avoided.size > 0 ? candidates.filter(peer => !this.#avoided.has(peer)) : candidates
    const among = good.length > 0 ? good : candidates
    return among.length > 0 ? among[this.#random.integer(among.length)] : undefined
  }

  failed(peer: PeerId): void {
    this.#avoided.delete(peer)
    this.#avoided.set(peer, this.#clock.now() + this.#backOff)
    if (this.#avoided.size > MAX_AVOIDED) this.#avoided.delete(this.#avoided.keys().next().value!)
  }
}
