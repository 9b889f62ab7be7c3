import type { CellRecord, CellSample } from '../cell-record.ts'
import type { BandPoint } from '../figure/line-chart.ts'
import { type Point, valueAt } from '../statistics/series.ts'

type Pick = (sample: CellSample) => number

/** What a run's samples draw; points that a figure cannot place are left out. */
export function curveOf(cell: CellRecord, x: Pick, y: Pick): Point[] {
  return thinned(cell.samples.map(sample => ({ x: x(sample), y: y(sample) })).filter(point => Number.isFinite(point.y)))
}

/** More points than a figure has pixels to tell apart would only make it large. */
const MOST_POINTS = 400

function thinned(points: readonly Point[]): Point[] {
  const every = Math.ceil(points.length / MOST_POINTS)
  return points.filter((_, i) => i % every === 0 || i === points.length - 1)
}

/**
 * The mean over runs with the range from lowest to highest, where all of them have a value: their ends differ in time and
 * bytes, and a mean over fewer and fewer runs would bend for no other reason.
 */
export function meanCurve(series: readonly (readonly Point[])[]): BandPoint[] {
  const runs = series.filter(points => points.length > 0)
  if (runs.length === 0) return []
  const from = Math.max(...runs.map(points => points[0]!.x))
  const to = Math.min(...runs.map(points => points.at(-1)!.x))
  const own = runs[0]!.map(point => point.x).filter(x => x > from && x < to)
  return [...new Set([from, ...own, to])].flatMap(x => {
    const values = runs.map(points => valueAt(points, x)).filter(value => value !== undefined)
    if (values.length < runs.length) return []
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return [{ x, y: mean, low: Math.min(...values), high: Math.max(...values) }]
  })
}
