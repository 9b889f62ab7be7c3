import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import type { PeerId } from '../../network/transport.ts'

/**
 * Lets one exchange at a time use the responder's buffers, and a few partners wait for their turn, each of them once.
 */
export class AnswerSlot {
  readonly #clock: Clock
  readonly #capacity: number
  #taken = false
  readonly #waiting: { peer: PeerId; enter: () => void }[] = []

  /** @param capacity partners that may wait */
  constructor(clock: Clock, capacity: number) {
    this.#clock = clock
    this.#capacity = capacity
  }

  /** Whether this peer may enter or wait now. What is urgent may wait beyond the capacity. */
  admits(peer: PeerId, urgent: boolean): boolean {
    if (!this.#taken) return true
    if (this.#waiting.some(waiter => waiter.peer === peer)) return false
    return urgent || this.#waiting.length < this.#capacity
  }

  /**
   * Waits for the turn, what is urgent before the rest; call what it returns when done.
   * @throws MurmurError `TIMED_OUT` after `ms`
   */
  async enter(peer: PeerId, urgent: boolean, ms: number, signal: AbortSignal): Promise<() => void> {
    if (this.#taken) await this.#wait(peer, urgent, ms, signal)
    this.#taken = true
    let left = false
    return () => {
      if (left) return
      left = true
      this.#leave()
    }
  }

  async #wait(peer: PeerId, urgent: boolean, ms: number, signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>()
    const waiter = { peer, enter: turn.resolve }
    if (urgent) this.#waiting.unshift(waiter)
    else this.#waiting.push(waiter)
    try {
      await withDeadline(this.#clock, ms, 'waiting for another exchange', signal, () => turn.promise)
    } catch (error) {
      const at = this.#waiting.indexOf(waiter)
      if (at >= 0) this.#waiting.splice(at, 1)
      else this.#leave() // the turn came together with the deadline: pass it on
      throw error
    }
  }

  /** Hands the slot, still taken, to the next in line. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next.enter()
    else this.#taken = false
  }
}
