import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../network/transport.ts'

export interface ArrivalsInit {
  /** Things that wait, in all. */
  capacity: number
  /** Things that one sender may add at once. */
  burst: number
  /** Things a second that one sender may add in the long run. */
  rate: number
}

/** Senders whose rate is known: far more than send within a burst's time, and a bound whatever happens. */
const MAX_SENDERS = 1024

/**
 * What arrived and waits to be worked on: bounded in all, and for each sender by a token bucket, so that one who floods
 * takes nobody else's place.
 */
export class Arrivals<T> {
  readonly #clock: Clock
  readonly #init: ArrivalsInit
  readonly #waiting: T[] = []
  /** Sender -> what it may still add, and when that was counted; who sent longest ago first. */
  readonly #allowances = new Map<PeerId, { left: number; at: number }>()

  constructor(clock: Clock, init: ArrivalsInit) {
    this.#clock = clock
    this.#init = init
  }

  /** @returns false if it was dropped */
  add(from: PeerId, arrival: T): boolean {
    if (this.#waiting.length >= this.#init.capacity || !this.#allow(from)) return false
    this.#waiting.push(arrival)
    return true
  }

  next(): T | undefined {
    return this.#waiting.shift()
  }

  clear(): void {
    this.#waiting.length = 0
  }

  #allow(from: PeerId): boolean {
    const { burst, rate } = this.#init
    const now = this.#clock.now()
    const { left, at } = this.#allowances.get(from) ?? { left: burst, at: now }
    const refilled = Math.min(burst, left + (rate * (now - at)) / 1000)
    this.#allowances.delete(from)
    this.#allowances.set(from, { left: Math.max(0, refilled - 1), at: now })
    if (this.#allowances.size > MAX_SENDERS) this.#allowances.delete(this.#allowances.keys().next().value!)
    return refilled >= 1
  }
}
