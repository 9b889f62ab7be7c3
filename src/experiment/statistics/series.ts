/** Points of a curve, `x` never falling. */
export interface Point {
  readonly x: number
  readonly y: number
}

/**
 * The curve at `x`, linear between its points; where several have that `x`, the last of them. Undefined outside of the
 * curve and where it is not finite.
 */
export function valueAt(series: readonly Point[], x: number): number | undefined {
  const next = firstBeyond(series, x)
  const before = series[next - 1]
  if (!before) return undefined
  if (before.x === x) return finite(before.y)
  const after = series[next]
  if (!after) return undefined
  return finite(before.y + ((after.y - before.y) * (x - before.x)) / (after.x - before.x))
}

/** By bisection: series may have many points, and figures ask at many places. */
function firstBeyond(series: readonly Point[], x: number): number {
  let low = 0
  let high = series.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (series[middle]!.x > x) high = middle
    else low = middle + 1
  }
  return low
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

/** The largest `x` that all series reached: where they can be compared. Undefined of no series or an empty one. */
export function commonReach(series: readonly (readonly Point[])[]): number | undefined {
  const ends = series.map(points => points.at(-1)?.x ?? Number.NaN)
  const reach = Math.min(...ends)
  return Number.isFinite(reach) ? reach : undefined
}
