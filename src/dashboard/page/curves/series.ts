import type { Series } from '../../api/curves.ts'

/** The last bucket that begins at or before the moment; the last of all without one. */
export function indexAt(times: readonly number[], moment: number | undefined): number {
  if (moment === undefined) return times.length - 1
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= moment) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The value at an index, or the latest before it that there is. */
export function lastUpTo(values: Series, index: number): number | null {
  for (let i = Math.min(index, values.length - 1); i >= 0; i--) {
    const value = values[i]
    if (value !== null && value !== undefined) return value
  }
  return null
}
