import type { Point } from '../statistics/series.ts'
import { type Drawing, heading, remarks } from './drawing.ts'
import { legend } from './legend.ts'
import { type Domain, linearScale, logScale, type Scale, type ScaleKind } from './scale.ts'
import { coordinate, element, estimatedWidth, text } from './svg.ts'
import { colourClass, dashOf, marker } from './theme.ts'

export interface LineChart {
  readonly title: string
  readonly x: ChartAxis
  readonly y: ChartAxis
  readonly lines: readonly Line[]
  /** Horizontal rules, such as a target. */
  readonly rules?: readonly { readonly y: number; readonly label: string }[]
  readonly notes?: readonly string[]
}

export interface ChartAxis {
  /** With its unit. */
  readonly label: string
  readonly kind: Exclude<ScaleKind, 'symlog'>
  readonly domain: Domain
  /** What the ticks are round in: 60 for minutes on an axis of seconds. @default 1 */
  readonly unit?: number
  /** Of the ticks. */
  readonly format: (value: number) => string
  /** Of a value by itself; as the ticks by default. */
  readonly tell?: (value: number) => string
}

export interface Line {
  readonly label: string
  readonly index: number
  readonly points: readonly BandPoint[]
  /** Drawn thin, with a cross at their ends: runs that failed. */
  readonly broken?: readonly (readonly Point[])[]
}

/** A mean and the range of what it is the mean of. */
export interface BandPoint extends Point {
  readonly low: number
  readonly high: number
}

const EDGE = 12
const MARKERS = 5

export function lineChart(chart: LineChart, width: number): Drawing {
  const head = heading(chart.title, width)
  const key = legend(chart.lines, { left: EDGE, top: head.bottom + 4, width: width - 2 * EDGE })
  const top = key.bottom + 26
  const height = width < 500 ? 220 : 300
  const y = scaleOf(chart.y, [top + height, top], 7)
  const left = EDGE + 8 + Math.max(...y.ticks.map(tick => estimatedWidth(chart.y.format(tick), 12)), 10)
  const right = width - 20
  const x = scaleOf(chart.x, [left, right], Math.max(3, Math.floor((right - left) / 75)))
  const plot = { left, right, top, bottom: top + height }
  const under = remarks(chart.notes ?? [], plot.bottom + 44, width)
  return {
    width,
    height: Math.ceil((chart.notes?.length ? under.bottom : plot.bottom + 44) + 8),
    label: `${chart.title}: ${chart.lines.map(line => line.label).join(', ')}`,
    content: [
      head.content,
      key.content,
      grid(chart, x, y, plot),
      // A nested viewport cuts off what leaves the plot, but no marker at its ends.
      element(
        'svg',
        {
          x: left - 6,
          y: top,
          width: right - left + 12,
          height,
          viewBox: [left - 6, top, right - left + 12, height].map(coordinate).join(' '),
        },
        ...chart.lines.map(line => drawLine(line, chart, x, y)),
      ),
      under.content,
    ].join(''),
  }
}

function scaleOf({ kind, domain, unit }: ChartAxis, range: Domain, ticks: number): Scale {
  return kind === 'log' ? logScale({ domain, range, ticks }, unit) : linearScale({ domain, range, ticks }, unit)
}

interface Plot {
  left: number
  right: number
  top: number
  bottom: number
}

function grid(chart: LineChart, x: Scale, y: Scale, { left, right, top, bottom }: Plot): string {
  const path = (d: string, name: string) =>
    element('path', { d: d.replaceAll(/-?\d+\.\d+/g, digits => coordinate(Number(digits))), class: name })
  return [
    ...y.ticks.map(tick => path(`M${left} ${y.position(tick)}H${right}`, 'grid')),
    ...x.ticks.map(tick => path(`M${x.position(tick)} ${top}V${bottom}`, 'grid')),
    path(`M${left} ${top}V${bottom}H${right}`, 'axis'),
    ...y.ticks.map(tick => text(left - 6, y.position(tick) + 4, chart.y.format(tick), { 'text-anchor': 'end' })),
    ...x.ticks.map(tick => text(x.position(tick), bottom + 17, chart.x.format(tick), { 'text-anchor': 'middle' })),
    text(EDGE, top - 10, chart.y.label, { class: 'faint' }),
    text((left + right) / 2, bottom + 36, chart.x.label, { class: 'faint', 'text-anchor': 'middle' }),
    ...(chart.rules ?? [])
      .filter(rule => rule.y >= y.domain[0] && rule.y <= y.domain[1])
      .flatMap(rule => [
        path(`M${left} ${y.position(rule.y)}H${right}`, 'rule'),
        text(left + 6, y.position(rule.y) - 4, rule.label, { class: 'faint' }),
      ]),
  ].join('')
}

function drawLine(line: Line, chart: LineChart, x: Scale, y: Scale): string {
  const place = (at: number, value: number) => `${coordinate(x.position(at))} ${coordinate(clamped(y, value))}`
  const { points, index } = line
  const trace = (series: readonly Point[]) =>
    series.map((point, i) => `${i === 0 ? 'M' : 'L'}${place(point.x, point.y)}`).join('')
  const colour = colourClass(index)
  const parts: string[] = []
  if (points.some(point => point.low < point.high)) {
    const over = points.map(point => place(point.x, point.high))
    const under = points.toReversed().map(point => place(point.x, point.low))
    parts.push(element('path', { d: `M${[...over, ...under].join('L')}z`, class: `band ${colour}` }))
  }
  for (const run of line.broken ?? []) {
    const end = run.at(-1)
    if (!end) continue
    parts.push(
      element('path', { d: trace(run), class: `line thin ${colour}` }),
      element('path', {
        d: `M${place(end.x, end.y)}m-4-4l8 8m0-8l-8 8`,
        class: `line ${colour}`,
      }),
    )
  }
  if (points.length > 0)
    parts.push(element('path', { d: trace(points), class: `line ${colour}`, 'stroke-dasharray': dashOf(index) }))
  const tell = { x: chart.x.tell ?? chart.x.format, y: chart.y.tell ?? chart.y.format }
  const visible = points.filter(point => point.y >= y.domain[0] && point.y <= y.domain[1])
  for (const point of spaced(visible, index)) {
    const title = `${line.label}: ${tell.y(point.y)} at ${tell.x(point.x)}`
    parts.push(marker(index, x.position(point.x), y.position(point.y), 3.6, title))
  }
  return element('g', { 'data-arm': line.label }, ...parts)
}

/** Far outside is as good as a little outside, and keeps numbers that a viewer can draw. */
function clamped(scale: Scale, value: number): number {
  const ends = scale.domain.map(end => scale.position(end))
  const [low, high] = [Math.min(...ends) - 400, Math.max(...ends) + 400]
  return Math.min(high, Math.max(low, scale.position(value)))
}

/** A few of the points, at other places for each line, so that markers seldom hide each other. */
function spaced(points: readonly BandPoint[], index: number): BandPoint[] {
  if (points.length <= MARKERS) return [...points]
  const offset = ((index * 0.382) % 1) * 0.8 + 0.1
  return Array.from({ length: MARKERS }, (_, i) => points[Math.floor(((i + offset) / MARKERS) * points.length)]!)
}
