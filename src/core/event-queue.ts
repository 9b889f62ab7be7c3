/** Something planned for a moment of virtual time. */
export interface PlannedEvent {
  /** Milliseconds. */
  readonly at: number
  /** Breaks ties: what was planned first happens first. */
  readonly sequence: number
  readonly task: () => void
  /** Where the queue holds it; -1 once it is out. */
  place: number
}

/** A binary heap of events by (time, sequence): a total order. Removal from the middle takes O(log n) too. */
export interface EventQueue {
  readonly size: number
  push(event: PlannedEvent): void
  /** The earliest event, taken out. */
  pop(): PlannedEvent | undefined
  /** Does nothing if the event is out already. */
  remove(event: PlannedEvent): void
}

export function eventQueue(): EventQueue {
  return new Heap()
}

class Heap implements EventQueue {
  readonly #events: PlannedEvent[] = []

  get size(): number {
    return this.#events.length
  }

  push(event: PlannedEvent): void {
    this.#events.push(event)
    this.#rise(event, this.#events.length - 1)
  }

  pop(): PlannedEvent | undefined {
    const first = this.#events[0]
    if (first) this.remove(first)
    return first
  }

  remove(event: PlannedEvent): void {
    const { place } = event
    if (place < 0) return
    const last = this.#events.pop()!
    event.place = -1
    if (last === event) return
    const parent = this.#events[(place - 1) >> 1]
    if (place > 0 && parent && before(last, parent)) this.#rise(last, place)
    else this.#sink(last, place)
  }

  #rise(event: PlannedEvent, from: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#events[above]!
      if (!before(event, parent)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(event, place)
  }

  #sink(event: PlannedEvent, from: number): void {
    let place = from
    for (;;) {
      let below = 2 * place + 1
      const right = this.#events[below + 1]
      if (right && before(right, this.#events[below]!)) below++
      const child = this.#events[below]
      if (!child || before(event, child)) break
      this.#put(child, place)
      place = below
    }
    this.#put(event, place)
  }

  #put(event: PlannedEvent, place: number): void {
    this.#events[place] = event
    event.place = place
  }
}

function before(a: PlannedEvent, b: PlannedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}
