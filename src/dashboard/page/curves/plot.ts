import uPlot from 'uplot'
import type { Series } from '../../api/curves.ts'
import { element, setAttributes } from '../element.ts'
import { indexAt, lastUpTo } from './series.ts'

export interface Line {
  readonly label: string
  readonly values: Series
  /** A custom property of the style: `--` and this name. */
  readonly colour: 'curve' | 'curve-2' | 'curve-faint'
  readonly width?: number
  readonly dash?: readonly number[]
  /** Filled to the line after it. */
  readonly band?: boolean
}

export interface PlotInit {
  readonly title: string
  /** Names of the series whose values the heading tells; the others are drawn only. */
  readonly told: readonly string[]
  readonly format: (value: number | null) => string
  /** Shorter, for the ticks. */
  readonly axisFormat?: (value: number | null) => string
  /** Fixed ends of the vertical axis, where they are known. */
  readonly range?: readonly [number, number]
  readonly zeroBased?: boolean
}

/** One curve over the time of the run, with the moment shown marked in it. */
export interface Plot {
  readonly root: HTMLElement
  show(times: readonly number[], lines: readonly Line[]): void
  /** The moment that the page shows; what comes after it is dimmed. */
  moveTo(time: number | undefined): void
  restyle(): void
}

export function plot(init: PlotInit): Plot {
  const figures = element('small')
  const area = element('div', { class: 'area', role: 'img' })
  const nothing = element('p', { class: 'nothing' }, 'Nothing to draw yet.')
  const root = element('section', { class: 'plot' }, element('h2', {}, init.title, figures), area, nothing)
  area.hidden = true
  const later = element('div', { class: 'later' })
  let drawn: uPlot | undefined
  let shape = ''
  let told = ''
  let times: readonly number[] = []
  let lines: readonly Line[] = []
  let moment: number | undefined

  function draw(): void {
    const next = lines.map(line => [line.label, line.colour, line.width, line.band].join()).join(';')
    const data = [times, ...lines.map(line => line.values)] as unknown as uPlot.AlignedData
    if (drawn && next === shape) {
      drawn.setData(data)
    } else {
      drawn?.destroy()
      shape = next
      drawn = new uPlot(options(init, lines, area, tell), data, area)
      drawn.over.append(later)
    }
    mark()
    tell()
  }

  /** Values at the pointer, else at the moment shown. */
  function tell(): void {
    const index = drawn?.cursor.idx ?? indexAt(times, moment)
    const parts = init.told.flatMap(label => {
      const line = lines.find(candidate => candidate.label === label)
      const value = line ? lastUpTo(line.values, index) : null
      if (!line || value === null) return []
      const name = init.told.length > 1 ? `${line.dash ? '╌' : '━'} ${label} ` : ''
      return [{ colour: line.colour, text: name + init.format(value) }]
    })
    const text = parts.map(part => part.text).join(', ')
    if (text === told) return
    told = text
    figures.replaceChildren(...parts.map(part => element('span', { class: part.colour }, part.text)))
    setAttributes(area, { 'aria-label': `${init.title} over time: ${text || 'nothing yet'}` })
  }

  function mark(): void {
    if (!drawn) return
    const last = times.at(-1)
    const past = moment === undefined || last === undefined || moment >= last
    later.hidden = past
    if (past) return
    const from = Math.max(0, drawn.valToPos(moment!, 'x'))
    later.style.left = `${from}px`
    later.style.width = `${Math.max(0, drawn.over.clientWidth - from)}px`
  }

  new ResizeObserver(() => {
    if (!drawn || area.clientWidth === 0) return
    drawn.setSize({ width: area.clientWidth, height: area.clientHeight })
    mark()
  }).observe(area)

  return {
    root,
    show(nextTimes, nextLines) {
      times = nextTimes
      lines = nextLines
      const some = times.length > 1 && lines.some(line => line.values.some(value => value !== null))
      area.hidden = !some
      nothing.hidden = some
      if (some) draw()
    },
    moveTo(time) {
      moment = time
      mark()
      tell()
    },
    restyle: () => drawn?.redraw(false),
  }
}

const FONT = '11px system-ui, sans-serif'

function options(init: PlotInit, lines: readonly Line[], area: HTMLElement, tell: () => void): uPlot.Options {
  const style = getComputedStyle(area)
  const axisFormat = init.axisFormat ?? init.format
  const probe = element('span', { hidden: true })
  area.append(probe)
  const colour = (name: string) => () => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const axis = {
    stroke: colour('muted'),
    font: FONT,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: Math.max(80, Number.parseFloat(style.width) || area.clientWidth),
    height: Math.max(60, area.clientHeight),
    ms: 1,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 5 } },
    padding: [8, 18, 2, 0],
    scales: {
      x: { time: true },
      y: {
        range: (_plot, low, high) => {
          if (init.range) return [...init.range] as uPlot.Range.MinMax
          const from = init.zeroBased ? Math.min(0, low ?? 0) : (low ?? 0)
          const to = high ?? 1
          const room = (to - from || Math.abs(to) || 1) * 0.06
          return [init.zeroBased ? from : from - room, to + room]
        },
      },
    },
    axes: [
      { ...axis, size: 26, gap: 6, space: 64, values: (_plot, ticks) => timeLabels(ticks) },
      { ...axis, size: 50, gap: 3, space: 18, values: (_plot, ticks) => ticks.map(tick => axisFormat(tick)) },
    ],
    series: [
      {},
      ...lines.map(line => ({
        label: line.label,
        stroke: colour(line.colour),
        width: line.width ?? 1,
        dash: line.dash ? [...line.dash] : undefined,
        spanGaps: true,
        points: { show: false },
      })),
    ],
    bands: lines.flatMap((line, i) =>
      line.band
        ? [{ series: [i + 1, i + 2] as [number, number], fill: colour('curve-faint') as unknown as () => string }]
        : [],
    ),
    hooks: { setCursor: [tell] },
  }
}

function timeLabels(ticks: readonly number[]): string[] {
  const short = ticks.length > 1 && ticks[1]! - ticks[0]! < 60_000
  return ticks.map(tick =>
    new Date(tick).toLocaleTimeString('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      ...(short && { second: '2-digit' }),
    }),
  )
}
