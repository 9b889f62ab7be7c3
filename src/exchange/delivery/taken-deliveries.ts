import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../network/transport.ts'
import type { Taken } from './protocol.ts'

/** Each holds an id and an answer. More than a peer can take within a deadline, and a bound whatever happens. */
const MAX_TAKEN = 4096

/** Which deliveries were taken, and what was answered, for as long as their senders may ask. */
export class TakenDeliveries {
  readonly #clock: Clock
  readonly #ttl: number
  /** Oldest first. */
  readonly #taken = new Map<string, { answer: Promise<Taken>; until: number }>()

  /** @param ttl milliseconds */
  constructor(clock: Clock, ttl: number) {
    this.#clock = clock
    this.#ttl = ttl
  }

  /** The answer, once the taking is done; undefined if this sender's delivery was not taken. */
  find(peer: PeerId, id: string): Promise<Taken> | undefined {
    return this.#taken.get(`${peer} ${id}`)?.answer
  }

  /** From now on the delivery counts as taken. */
  remember(peer: PeerId, id: string, answer: Promise<Taken>): void {
    answer.catch(() => {}) // whoever asks is told
    const now = this.#clock.now()
    for (const [key, { until }] of this.#taken) {
      if (until > now) break
      this.#taken.delete(key)
    }
    this.#taken.set(`${peer} ${id}`, { answer, until: now + this.#ttl })
    if (this.#taken.size > MAX_TAKEN) this.#taken.delete(this.#taken.keys().next().value!)
  }
}
