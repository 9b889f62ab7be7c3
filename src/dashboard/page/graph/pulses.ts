import type { Body } from './layout.ts'

/** An exchange on its way: out to the partner with the parameters, and back with half the difference. */
export interface Pulse {
  from: Body
  to: Body
  /** On the page's clock, milliseconds. */
  startedAt: number
  failed: boolean
}

/** Pulses now in flight: a ring of fixed length, the oldest gives way. */
export interface Pulses {
  /** How many there were since the page began. */
  readonly shown: number
  add(from: Body, to: Body, now: number, failed: boolean): void
  /** Calls for each in flight, with its progress in [0, 1). Returns how many there were, those about to begin included. */
  each(now: number, draw: (pulse: Pulse, progress: number) => void): number
  /** Forgets those whose peer is gone. */
  keep(isPresent: (body: Body) => boolean): void
  clear(): void
}

export interface PulsesInit {
  capacity: number
  /** Milliseconds there and back. */
  durationMs: number
}

export function pulses(init: PulsesInit): Pulses {
  return new Ring(init)
}

class Ring implements Pulses {
  readonly #init: PulsesInit
  readonly #slots: (Pulse | undefined)[] = []
  #next = 0
  shown = 0

  constructor(init: PulsesInit) {
    this.#init = init
  }

  add(from: Body, to: Body, now: number, failed: boolean): void {
    const slot = this.#slots[this.#next]
    if (slot) Object.assign(slot, { from, to, startedAt: now, failed })
    else this.#slots[this.#next] = { from, to, startedAt: now, failed }
    this.#next = (this.#next + 1) % this.#init.capacity
    this.shown++
  }

  each(now: number, draw: (pulse: Pulse, progress: number) => void): number {
    let alive = 0
    for (const slot of this.#slots) {
      if (!slot) continue
      const progress = (now - slot.startedAt) / this.#init.durationMs
      if (progress >= 1) continue
      alive++
      if (progress >= 0) draw(slot, progress)
    }
    return alive
  }

  keep(isPresent: (body: Body) => boolean): void {
    this.#slots.forEach((slot, i) => {
      if (slot && !(isPresent(slot.from) && isPresent(slot.to))) this.#slots[i] = undefined
    })
  }

  clear(): void {
    this.#slots.length = 0
    this.#next = 0
  }
}
