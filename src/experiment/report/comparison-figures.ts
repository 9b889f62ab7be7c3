import type { Currency } from '../cell-record.ts'
import type { ForestPlot, ForestRow } from '../figure/forest-plot.ts'
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatDuration,
  formatInterval,
  formatLoss,
  formatTimes,
  NOTHING,
} from '../figure/format.ts'
import type { Estimate } from '../statistics/estimate.ts'
import type { Ratio } from '../statistics/ratio.ts'
import type { GroupResult } from './analysis.ts'
import { describeAbsence } from './arm-result.ts'
import type { Comparison, LossDifference, RatioName } from './comparison.ts'
import type { ReportSpecification } from './report-specification.ts'

const amounts: Readonly<Record<Currency, (value: number) => string>> = {
  tokens: value => `${formatCount(value)} tokens`,
  time: formatDuration,
  bytes: formatBytes,
}

/** Differences of loss to the baseline where all arms had spent the same. Undefined if nothing was compared. */
export function differenceFigure(
  { comparisons }: GroupResult,
  { baseline, margin }: ReportSpecification,
  currency: Currency,
): ForestPlot | undefined {
  const used = comparisons.filter(({ differences }) => differences[currency].estimate)
  if (used.length === 0) return undefined
  const levels = used.map(({ differences }) => differences[currency].level!)
  return {
    title: `At equal ${currency}: loss less that of ${baseline}`,
    label: 'difference (nats per token); left is better',
    kind: margin === undefined ? 'linear' : { symlog: margin },
    format: value => (value === 0 ? '0' : formatDifferenceTick(value)),
    rules: [
      { x: 0, label: '0', solid: true },
      ...(margin === undefined ? [] : [{ x: margin, label: `margin +${margin}` }]),
    ],
    rows: comparisons.map(({ arm, differences }) => differenceRow(arm, differences[currency])),
    notes: [
      `Read at ${amounts[currency](Math.max(...levels))}, the most that all arms of a seed reached. ${PAIRED}`,
      ...(margin === undefined ? [] : ['The axis is logarithmic beyond the margin.']),
    ],
  }
}

const PAIRED = 'Whiskers: 95% interval of the paired difference.'

function formatDifferenceTick(value: number): string {
  return `${value < 0 ? '−' : '+'}${Number(Math.abs(value).toPrecision(3))}`
}

function differenceRow(arm: Comparison['arm'], difference: LossDifference): ForestRow {
  const { estimate } = difference
  return {
    label: arm.name,
    index: arm.index,
    mean: estimate?.mean,
    interval: estimate?.interval,
    text: estimate ? `${shortDifference(estimate)} ${difference.verdict ?? ''}`.trim() : describeAbsence(arm),
  }
}

/** "+0.0021 ± 0.0031": Student's interval is symmetric. */
function shortDifference({ mean, interval }: Estimate): string {
  return `${formatDifference(mean)}${interval ? ` ± ${formatLoss(interval.high - mean)}` : ''}`
}

/** "+0.0021 [−0.0010, +0.0052]" */
export function describeDifference({ estimate }: LossDifference): string {
  if (!estimate) return NOTHING
  return `${formatDifference(estimate.mean)} ${formatInterval(estimate.interval, formatDifference)}`.trim()
}

/** "non-inferior", "inconclusive (1 seed unpaired)"; empty where nothing was to be judged. */
export function describeVerdict({ estimate, unpaired, verdict }: LossDifference): string {
  const reasons = [
    estimate && !estimate.interval ? 'one seed' : '',
    estimate && unpaired.length > 0 ? `${unpaired.length} of ${unpaired.length + estimate.count} seeds unpaired` : '',
  ].filter(reason => reason !== '')
  const because = reasons.length > 0 ? ` (${reasons.join(', ')})` : ''
  return verdict ? `${verdict}${because}` : because.trim()
}

export const ratioTitles: Readonly<Record<RatioName, string>> = {
  timeToTarget: 'Times faster to the target loss',
  tokensToTarget: 'Times fewer tokens to the target loss',
  bytesToTarget: 'Times fewer bytes to the target loss',
  timeAtEqualTokens: 'Times faster through the same tokens',
  bytesAtEqualTokens: 'Times fewer bytes for the same tokens',
}

/** Ratios of the baseline to each arm. Undefined if none is known. */
export function ratioFigure(
  { comparisons }: GroupResult,
  { baseline }: ReportSpecification,
  name: RatioName,
): ForestPlot | undefined {
  if (comparisons.every(({ ratios }) => ratios[name].kind === 'unknown')) return undefined
  const bounded = comparisons.some(({ ratios }) => ratios[name].kind.startsWith('at-'))
  return {
    title: `${ratioTitles[name]} than ${baseline}`,
    label: 'ratio (logarithmic); right is better',
    kind: 'log',
    format: ratio => `${formatCount(ratio)}×`,
    rules: [{ x: 1, label: 'equal', solid: true }],
    rows: comparisons.map(({ arm, ratios }) => ratioRow(arm, ratios[name])),
    notes: [
      'Geometric mean of ratios paired by seed. Whiskers: 95% interval.',
      ...(bounded ? ['Arrows: runs ended before the target, so the truth lies beyond.'] : []),
    ],
  }
}

function ratioRow(arm: Comparison['arm'], ratio: Ratio): ForestRow {
  return {
    label: arm.name,
    index: arm.index,
    text: ratio.kind === 'unknown' ? describeAbsence(arm) : describeRatio(ratio),
    mean: ratio.kind === 'unknown' ? undefined : ratio.mean,
    interval: ratio.kind === 'exact' ? ratio.interval : undefined,
    bound: ratio.kind === 'at-least' || ratio.kind === 'at-most' ? ratio.kind : undefined,
  }
}

/** "3.2× [2.9×, 3.5×]", "≥ 2×" */
export function describeRatio(ratio: Ratio): string {
  switch (ratio.kind) {
    case 'unknown':
      return NOTHING
    case 'at-least':
      return `≥ ${formatTimes(ratio.mean)}`
    case 'at-most':
      return `≤ ${formatTimes(ratio.mean)}`
    case 'exact':
      return `${formatTimes(ratio.mean)} ${formatInterval(ratio.interval, formatTimes)}`.trim()
  }
}
