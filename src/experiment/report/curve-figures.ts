import type { CellRecord, CellSample } from '../cell-record.ts'
import {
  durationUnit,
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatScientific,
  formatTick,
} from '../figure/format.ts'
import type { ChartAxis, Line, LineChart } from '../figure/line-chart.ts'
import type { Domain } from '../figure/scale.ts'
import type { GroupResult } from './analysis.ts'
import type { ArmResult } from './arm-result.ts'
import { curveOf, meanCurve } from './mean-curve.ts'

type Read = (sample: CellSample) => number

interface Horizontal {
  readonly title: string
  readonly pick: Read
  readonly kind: 'linear' | 'log'
  /** Depends on how far the axis reaches: minutes or hours. */
  readonly axis: (domain: Domain) => Pick<ChartAxis, 'label' | 'format' | 'tell' | 'unit'>
}

export const overTokens: Horizontal = {
  title: 'tokens',
  pick: sample => sample.tokens,
  kind: 'linear',
  axis: () => ({ label: 'tokens, all peers', format: formatCount }),
}

export function overTime(label: string): Horizontal {
  return {
    title: label,
    pick: sample => sample.time,
    kind: 'linear',
    axis: ([, end]) => {
      const [length, unit] = durationUnit(end)
      return {
        label: `${label} (${unit})`,
        unit: length,
        format: value => formatCount(value / length),
        tell: formatDuration,
      }
    },
  }
}

export const overBytes: Horizontal = {
  title: 'bytes sent',
  pick: sample => sample.bytes,
  kind: 'log',
  axis: () => ({ label: 'bytes sent, all peers (logarithmic)', format: formatBytes }),
}

const BAND = 'Line: mean over seeds. Band: from the lowest to the highest seed.'

/** Validation loss of the averaged model against what was spent. Undefined if there is nothing to draw. */
export function lossFigure(group: GroupResult, over: Horizontal, target: number | undefined): LineChart | undefined {
  const { lines, absent } = linesOf(group, over, sample => sample.lossMean)
  const x = horizontal(lines, over)
  if (!x) return undefined
  const { domain, cut } = lossDomain(lines, target)
  return {
    title: `Loss against ${over.title}`,
    x,
    y: { label: 'validation loss (nats per token)', kind: 'linear', domain, format: formatTick, tell: formatLoss },
    lines,
    rules: target === undefined ? [] : [{ y: target, label: 'target' }],
    notes: notes(lines, [
      cut ? `Losses above ${formatCount(domain[1])} are cut off.` : '',
      ...absenceNotes(absent, cell => over.kind === 'log' && cell.samples.every(sample => over.pick(sample) === 0)),
    ]),
  }
}

/** Consensus distance against tokens, on a logarithmic axis. */
export function consensusFigure(group: GroupResult): LineChart | undefined {
  const distance: Read = sample => sample.consensusDistance
  const { lines, absent } = linesOf(group, overTokens, sample => (distance(sample) > 0 ? distance(sample) : Number.NaN))
  const x = horizontal(lines, overTokens)
  if (!x) return undefined
  const values = lines.flatMap(line => [
    ...line.points.flatMap(point => [point.low, point.high]),
    ...(line.broken ?? []).flatMap(run => run.map(point => point.y)),
  ])
  return {
    title: 'Consensus distance',
    x,
    y: {
      label: 'Ξ = mean of ‖xᵢ − x̄‖² over peers (logarithmic)',
      kind: 'log',
      domain: [Math.min(...values), Math.max(...values)],
      format: formatScientific,
    },
    lines,
    notes: notes(
      lines,
      absenceNotes(absent, cell => cell.samples.every(sample => distance(sample) === 0)),
    ),
  }
}

/** The arms that ran but have nothing that the axes can show are absent. */
function linesOf(group: GroupResult, over: Horizontal, y: Read): { lines: Line[]; absent: ArmResult[] } {
  const lines: Line[] = []
  const absent: ArmResult[] = []
  const visible = (points: readonly { x: number; y: number }[]) =>
    over.kind === 'log' ? points.filter(point => point.x > 0) : [...points]
  for (const arm of group.arms) {
    const { name, index, complete, failed } = arm
    const curves = [...complete.values()].map(cell => visible(curveOf(cell, over.pick, y)))
    const broken = failed.map(cell => visible(curveOf(cell, over.pick, y))).filter(run => run.length > 0)
    const points = meanCurve(curves)
    if (points.length > 0 || broken.length > 0) lines.push({ label: name, index, points, broken })
    else if (complete.size > 0) absent.push(arm)
  }
  return { lines, absent }
}

function absenceNotes(absent: readonly ArmResult[], isZero: (cell: CellRecord) => boolean): string[] {
  const zero = absent.filter(({ complete }) => [...complete.values()].every(isZero))
  const rest = absent.filter(arm => !zero.includes(arm))
  const names = (arms: readonly ArmResult[]) => arms.map(arm => arm.name).join(', ')
  return [
    zero.length > 0 ? `Zero throughout, so not on a logarithmic axis: ${names(zero)}.` : '',
    rest.length > 0 ? `Nothing finite to draw: ${names(rest)}.` : '',
  ]
}

function horizontal(lines: readonly Line[], over: Horizontal): ChartAxis | undefined {
  const values = lines.flatMap(line => [...line.points, ...(line.broken ?? []).flat()].map(point => point.x))
  if (values.length === 0) return undefined
  const domain: Domain = [over.kind === 'log' ? Math.min(...values) : 0, Math.max(...values)]
  return { kind: over.kind, domain, ...over.axis(domain) }
}

/**
 * From the lowest loss to what the highest line has come down to after a fifth of its length: the first steps fall so far
 * that they would press the rest flat. A line that climbs is followed up to a little above where all began. Runs that
 * failed do not stretch the axis, unless there are no others.
 */
function lossDomain(lines: readonly Line[], target: number | undefined): { domain: Domain; cut: boolean } {
  const complete = lines.filter(line => line.points.length > 0).map(line => line.points)
  const broken = lines.flatMap(line => line.broken ?? []).map(run => run.map(({ x, y }) => ({ x, y, low: y, high: y })))
  const runs = complete.length > 0 ? complete : broken
  const later = runs.flatMap(run => run.slice(Math.floor(run.length / 5)))
  const low = Math.min(...runs.flat().map(point => point.low), target ?? Number.POSITIVE_INFINITY)
  const start = Math.max(...runs.map(run => run[0]!.high))
  const high = Math.min(Math.max(...later.map(point => point.high)), low + (start - low) * 1.25)
  const room = (high - low) * 0.04
  return { domain: [low - room, high + room], cut: [...runs, ...broken].flat().some(point => point.high > high + room) }
}

function notes(lines: readonly Line[], more: readonly string[]): string[] {
  const band = lines.some(line => line.points.some(point => point.low < point.high))
  const broken = lines.some(line => (line.broken ?? []).length > 0)
  return [
    band ? BAND : 'Line: one seed.',
    broken ? 'Thin lines that end in a cross: runs that failed.' : '',
    ...more,
  ].filter(note => note !== '')
}
