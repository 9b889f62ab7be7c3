import { type Drawing, heading, remarks } from './drawing.ts'
import type { Domain, Scale } from './scale.ts'
import { coordinate, element, estimatedWidth, fitted, text } from './svg.ts'
import { marker } from './theme.ts'

/** A figure of one row for each arm over a common horizontal axis. */
export interface RowChart {
  readonly title: string
  readonly axis: RowAxis
  readonly rows: readonly Row[]
  /** Pixels of a row's marks. */
  readonly rowHeight: number
  /** Vertical rules. */
  readonly rules?: readonly { readonly x: number; readonly label: string; readonly solid?: boolean }[]
  readonly notes?: readonly string[]
}

interface RowAxis {
  /** With its unit. */
  readonly label: string
  readonly scale: (range: Domain, ticks: number) => Scale
  readonly format: (value: number) => string
}

export interface Row {
  readonly label: string
  readonly index: number
  /** The numbers of the row, at its right; under its label where there is little room. */
  readonly text: string
  /** The row's marks, within its box. */
  readonly draw: (scale: Scale, box: RowBox) => string
}

export interface RowBox {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

const EDGE = 12
const KEY = 20

export function rowChart(chart: RowChart, width: number): Drawing {
  const head = heading(chart.title, width)
  const narrow = width < 500
  const columns = narrow ? { label: 0, text: 0 } : columnWidths(chart.rows, width)
  const left = narrow ? EDGE + 10 : EDGE + KEY + columns.label + 14
  const right = width - (narrow ? EDGE + 10 : EDGE + columns.text + 16)
  const oneLine = rowsFit(chart.rows, width)
  const above = narrow ? (oneLine ? 20 : 36) : 0
  const pitch = above + chart.rowHeight + 8
  const top = head.bottom + (chart.rules?.length ? 24 : 8)
  const bottom = top + pitch * chart.rows.length
  const scale = chart.axis.scale([left, right], Math.max(3, Math.floor((right - left) / 70)))
  const boxes = chart.rows.map((_, i) => ({
    left,
    right,
    top: top + i * pitch + above + 4,
    bottom: top + (i + 1) * pitch - 4,
  }))
  const rows = chart.rows.map((row, i) => {
    const box = boxes[i]!
    const caption = narrow
      ? captionAbove(row, top + i * pitch, width, oneLine)
      : captionBeside(row, (box.top + box.bottom) / 2, columns, width)
    return element('g', { 'data-arm': row.label }, caption, row.draw(scale, box))
  })
  // Where captions stand between the rows, no line runs through them.
  const spans = narrow ? boxes.map(box => ({ ...box, bottom: box.bottom + 4 })) : [{ left, right, top, bottom }]
  const under = remarks(chart.notes ?? [], bottom + 44, width)
  return {
    width,
    height: Math.ceil((chart.notes?.length ? under.bottom : bottom + 40) + 8),
    label: [chart.title, ...chart.rows.map(row => `${row.label}: ${row.text}`)].join('; '),
    content: [
      head.content,
      ...spans.map(span => uprights(chart, scale, span)),
      axis(chart, scale, { left, right, top, bottom }),
      ruleLabels(chart.rules ?? [], scale, {
        from: narrow ? EDGE : left - 60,
        to: narrow ? width - EDGE : right + 60,
        y: top - 6,
      }),
      ...rows,
      under.content,
    ].join(''),
  }
}

function columnWidths(rows: readonly Row[], width: number): { label: number; text: number } {
  const widest = (pick: (row: Row) => string) => Math.max(0, ...rows.map(row => estimatedWidth(pick(row), 12)))
  return {
    label: Math.min(
      widest(row => row.label),
      width * 0.24,
    ),
    text: Math.min(
      widest(row => row.text),
      width * 0.4,
    ),
  }
}

function captionBeside(row: Row, y: number, columns: { label: number; text: number }, width: number): string {
  const end = width - EDGE
  return [
    marker(row.index, EDGE + 6, y, 4.5),
    text(EDGE + KEY, y + 4, fitted(row.label, 12, columns.label + 1)),
    text(end - columns.text, y + 4, fitted(row.text, 12, columns.text + 1)),
  ].join('')
}

/** Whether every row's name and numbers fit beside each other. */
function rowsFit(rows: readonly Row[], width: number): boolean {
  return rows.every(row => estimatedWidth(`${row.label}    ${row.text}`, 12) < width - 2 * EDGE - KEY)
}

function captionAbove(row: Row, top: number, width: number, oneLine: boolean): string {
  const room = width - 2 * EDGE - KEY
  return [
    marker(row.index, EDGE + 6, top + 11, 4.5),
    text(EDGE + KEY, top + 15, fitted(row.label, 12, room)),
    oneLine
      ? text(width - EDGE, top + 15, row.text, { 'text-anchor': 'end' })
      : text(EDGE + KEY, top + 31, fitted(row.text, 12, room)),
  ].join('')
}

function uprights({ rules = [] }: RowChart, scale: Scale, { top, bottom }: RowBox): string {
  const line = (x: number, name: string) =>
    element('path', { d: `M${coordinate(scale.position(x))} ${coordinate(top)}V${coordinate(bottom)}`, class: name })
  return [
    ...scale.ticks.map(tick => line(tick, 'grid')),
    ...rules.map(rule => line(rule.x, rule.solid ? 'axis' : 'rule')),
  ].join('')
}

function axis({ axis }: RowChart, scale: Scale, { left, right, bottom }: RowBox): string {
  return [
    element('path', { d: `M${coordinate(left)} ${bottom}H${coordinate(right)}`, class: 'axis' }),
    ...scale.ticks.map(tick => text(scale.position(tick), bottom + 17, axis.format(tick), { 'text-anchor': 'middle' })),
    text((left + right) / 2, bottom + 35, axis.label, { class: 'faint', 'text-anchor': 'middle' }),
  ].join('')
}

/** Above the rows, centred on their rules as far as the others leave room. */
function ruleLabels(
  rules: NonNullable<RowChart['rules']>,
  scale: Scale,
  { from, to, y }: { from: number; to: number; y: number },
): string {
  const labels = rules
    .toSorted((a, b) => a.x - b.x)
    .map(({ x, label }) => ({ label, length: estimatedWidth(label, 12), at: scale.position(x) }))
  let free = from
  for (const label of labels) {
    label.at = Math.max(free, label.at - label.length / 2)
    free = label.at + label.length + 10
  }
  let end = to
  for (const label of labels.toReversed()) {
    label.at = Math.min(label.at, end - label.length)
    end = label.at - 10
  }
  return labels.map(({ label, at }) => text(at, y, label, { class: 'faint' })).join('')
}
