interface Point {
  readonly x: number
  readonly y: number
}

/**
 * The point nearest to (x, y) within reach. A scan: at a thousand peers it takes microseconds and is asked once a frame
 * at most, which is less than keeping an index of moving points up to date.
 */
export function nearestPoint<P extends Point>(
  points: readonly P[],
  x: number,
  y: number,
  reach: number,
): P | undefined {
  let best: P | undefined
  let least = reach * reach
  for (const point of points) {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2
    if (distance > least) continue
    least = distance
    best = point
  }
  return best
}

/** The segment nearest to (x, y) within reach. */
export function nearestSegment<S extends { readonly source: Point; readonly target: Point }>(
  segments: readonly S[],
  x: number,
  y: number,
  reach: number,
): S | undefined {
  let best: S | undefined
  let least = reach * reach
  for (const segment of segments) {
    const { source, target } = segment
    const dx = target.x - source.x
    const dy = target.y - source.y
    const length = dx * dx + dy * dy
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - source.x) * dx + (y - source.y) * dy) / length))
    const distance = (source.x + along * dx - x) ** 2 + (source.y + along * dy - y) ** 2
    if (distance > least) continue
    least = distance
    best = segment
  }
  return best
}

export type Direction = 'left' | 'right' | 'up' | 'down'

const unit = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] } as const

/** Who stands next in a direction: within 45 degrees, near, and not far off the line. Undefined at the rim. */
export function neighbour<P extends Point>(points: readonly P[], from: P, direction: Direction): P | undefined {
  const [ux, uy] = unit[direction]
  let best: P | undefined
  let least = Infinity
  for (const point of points) {
    const dx = point.x - from.x
    const dy = point.y - from.y
    const ahead = dx * ux + dy * uy
    if (point === from || ahead <= 0) continue
    const aside = Math.abs(dx * uy - dy * ux)
    // Each of the others lies in the quarter of one direction, so that all can be reached.
    if (aside > ahead) continue
    const cost = ahead + 2 * aside
    if (cost >= least) continue
    least = cost
    best = point
  }
  return best
}
