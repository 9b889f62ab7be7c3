import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../src/core/clock.ts'

/** Time that passes only when told to. */
export interface VirtualClock extends Clock {
  /** Lets `ms` pass: wakes sleepers in order, and lets the work of each settle before the next. */
  advance(ms: number): Promise<void>
}

/** @param settleTurns turns of the event loop that work may take before time goes on */
export function virtualClock(settleTurns = 10): VirtualClock {
  return new Virtual(settleTurns)
}

interface Sleeper {
  at: number
  wake: () => void
}

class Virtual implements VirtualClock {
  readonly #settleTurns: number
  readonly #sleepers = new Set<Sleeper>()
  #now = 0

  constructor(settleTurns: number) {
    this.#settleTurns = settleTurns
  }

  now(): number {
    return this.#now
  }

  date(): number {
    return 1_700_000_000_000 + this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        this.#sleepers.delete(sleeper)
        reject(signal?.reason)
      }
      const wake = () => {
        this.#sleepers.delete(sleeper)
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const sleeper = { at: this.#now + Math.max(0, ms), wake }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', onAbort)
    })
  }

  async turn(): Promise<void> {}

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.#settle()
    for (;;) {
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at)[0]
      if (!next || next.at > end) break
      this.#now = next.at
      next.wake()
      await this.#settle()
    }
    this.#now = end
    await this.#settle()
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < this.#settleTurns; turn++) await nextTurn()
  }
}
