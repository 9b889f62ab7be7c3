import type { Interval } from '../statistics/estimate.ts'
import type { Drawing } from './drawing.ts'
import { type Row, type RowChart, rowChart } from './row-chart.ts'
import { type Domain, linearScale, logScale, type Scale, type ScaleInit, symlogScale } from './scale.ts'
import { coordinate, element } from './svg.ts'
import { colourClass, marker } from './theme.ts'

export interface ForestPlot extends Pick<RowChart, 'title' | 'rules' | 'notes'> {
  readonly label: string
  readonly kind: 'linear' | 'log' | { readonly symlog: number }
  readonly format: (value: number) => string
  readonly rows: readonly ForestRow[]
}

export interface ForestRow extends Pick<Row, 'label' | 'index' | 'text'> {
  /** Undefined where nothing is known: the row's text says why. */
  readonly mean: number | undefined
  readonly interval?: Interval | undefined
  /** The truth lies beyond the mean, on this side. */
  readonly bound?: 'at-least' | 'at-most'
}

/** Estimates with their intervals, an arm a row. */
export function forestPlot(plot: ForestPlot, width: number): Drawing {
  const domain = domainOf(plot)
  return rowChart(
    {
      ...plot,
      rowHeight: 18,
      axis: {
        label: plot.label,
        format: plot.format,
        scale: (range, ticks) => scaleOf(plot, { domain, range, ticks }),
      },
      rows: plot.rows.map(row => ({
        ...row,
        draw: (scale, { top, bottom }) => drawRow(row, scale, (top + bottom) / 2),
      })),
    },
    width,
  )
}

function domainOf({ rows, rules = [], kind }: ForestPlot): Domain {
  const values = [
    ...rules.map(rule => rule.x),
    ...rows.flatMap(({ mean, interval }) => [mean, interval?.low, interval?.high]),
  ].filter(value => value !== undefined && Number.isFinite(value) && (kind !== 'log' || value > 0)) as number[]
  if (values.length === 0) return kind === 'log' ? [1, 10] : [-1, 1]
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (kind === 'log') return [low / 1.3, high * 1.3]
  const room = (high - low || Math.abs(high) || 1) * 0.06
  if (kind === 'linear') return [low - room, high + room]
  // On a symmetric logarithmic axis room is a factor.
  return [low < 0 ? low * 1.4 : -kind.symlog, high > 0 ? high * 1.4 : kind.symlog]
}

function scaleOf({ kind }: ForestPlot, init: ScaleInit): Scale {
  if (kind === 'log') return logScale(init)
  return kind === 'linear' ? linearScale(init) : symlogScale(init, kind.symlog)
}

function drawRow({ mean, interval, bound, index }: ForestRow, scale: Scale, y: number): string {
  if (mean === undefined) return ''
  const colour = colourClass(index)
  const x = scale.position(mean)
  const parts: string[] = []
  if (interval) {
    const [low, high] = [coordinate(scale.position(interval.low)), coordinate(scale.position(interval.high))]
    parts.push(
      element('path', { d: `M${low} ${y}H${high}M${low} ${y - 5}v10M${high} ${y - 5}v10`, class: `line ${colour}` }),
    )
  }
  if (bound) {
    const way = bound === 'at-least' ? 1 : -1
    parts.push(
      element('path', {
        d: `M${coordinate(x)} ${y}h${way * 26}m${way * -6} -5l${way * 6} 5l${way * -6} 5`,
        class: `line ${colour}`,
      }),
    )
  }
  return [...parts, marker(index, x, y, 5)].join('')
}
