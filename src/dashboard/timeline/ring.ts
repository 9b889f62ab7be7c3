/** The newest values, each with its number in the order in which they came. */
export interface Ring<T> {
  /** Number of the next value. */
  readonly next: number
  push(value: T): void
  /** Values from a number on that are still held, oldest first. */
  since(number: number): T[]
  all(): T[]
}

/** Holds at most `capacity` values. */
export function ring<T>(capacity: number): Ring<T> {
  const slots: T[] = []
  let next = 0
  const since = (number: number): T[] => {
    const first = Math.max(number, next - slots.length, 0)
    return Array.from({ length: Math.max(0, next - first) }, (_, i) => slots[(first + i) % capacity]!)
  }
  return {
    get next() {
      return next
    },
    push(value) {
      slots[next % capacity] = value
      next++
    },
    since,
    all: () => since(0),
  }
}
