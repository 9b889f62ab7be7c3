/**
 * A series of any length as at most `CAPACITY` means of equally many neighbours: when it is full, neighbours are joined
 * in pairs. Bounded, and always spans the whole series.
 */
export interface Curve {
  readonly means: readonly number[]
  /** Values in each mean. */
  readonly stride: number
  readonly sum: number
  readonly count: number
}

const CAPACITY = 128

export const emptyCurve: Curve = { means: [], stride: 1, sum: 0, count: 0 }

export function addToCurve(curve: Curve, value: number): Curve {
  const sum = curve.sum + value
  const count = curve.count + 1
  if (count < curve.stride) return { ...curve, sum, count }
  const means = [...curve.means, sum / count]
  if (means.length < CAPACITY) return { means, stride: curve.stride, sum: 0, count: 0 }
  const joined = Array.from({ length: CAPACITY / 2 }, (_, i) => (means[2 * i]! + means[2 * i + 1]!) / 2)
  return { means: joined, stride: curve.stride * 2, sum: 0, count: 0 }
}
