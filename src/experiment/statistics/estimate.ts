import { studentQuantile } from './student.ts'

/** A mean over seeds and how far it can be trusted. */
export interface Estimate {
  /** Values that it is the mean of, >= 1. */
  readonly count: number
  readonly mean: number
  /** 95% confidence interval by Student's t; undefined of a single value, which says nothing of its spread. */
  readonly interval: Interval | undefined
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Undefined of no values. All values must be finite. */
export function estimate(values: readonly number[]): Estimate | undefined {
  const count = values.length
  if (count === 0) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  if (count === 1) return { count, mean, interval: undefined }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  const half = studentQuantile(count - 1) * Math.sqrt(variance / count)
  return { count, mean, interval: { low: mean - half, high: mean + half } }
}

/** The mean of the middle two of an even number of values; undefined of none. Infinity is a value like others. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[Math.floor((sorted.length - 1) / 2)]
  const high = sorted[Math.floor(sorted.length / 2)]
  return low === undefined || high === undefined ? undefined : low === high ? low : (low + high) / 2
}
