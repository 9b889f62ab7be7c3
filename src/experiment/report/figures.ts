import type { Drawing } from '../figure/drawing.ts'
import { type ForestPlot, forestPlot } from '../figure/forest-plot.ts'
import { type LineChart, lineChart } from '../figure/line-chart.ts'
import { type RowChart, rowChart } from '../figure/row-chart.ts'
import { mixesAlone } from './agreement.ts'
import { agreementFigure } from './agreement-figures.ts'
import type { Analysis, GroupResult } from './analysis.ts'
import { currencies, type RatioName } from './comparison.ts'
import { differenceFigure, ratioFigure, type ratioTitles } from './comparison-figures.ts'
import { conditionFigures } from './condition-figures.ts'
import { consensusFigure, lossFigure, overBytes, overTime, overTokens } from './curve-figures.ts'
import { idleFigure, stalenessFigure } from './exchange-figures.ts'
import { type ReportSpecification, VIRTUAL } from './report-specification.ts'

/** A figure of the report, to be drawn at the width of a page or of a telephone. */
export interface Figure {
  /** Its name among the figures of its group, and that of its file: "loss-tokens". */
  readonly id: string
  readonly draw: (width: number) => Drawing
}

const ratioIds: Readonly<Record<keyof typeof ratioTitles, string>> = {
  timeToTarget: 'time-to-target',
  tokensToTarget: 'tokens-to-target',
  bytesToTarget: 'bytes-to-target',
  timeAtEqualTokens: 'time-for-tokens',
  bytesAtEqualTokens: 'bytes-for-tokens',
}

/** Curves, then comparisons, then what explains them. Figures without anything to show are left out. */
export function groupFigures(group: GroupResult, specification: ReportSpecification): Figure[] {
  const { target, timeLabel = VIRTUAL } = specification
  const forests = (ids: readonly [string, ForestPlot | undefined][]) =>
    ids.flatMap(([id, plot]) => figure(id, plot, forestPlot))
  const lines = (id: string, chart: LineChart | undefined) => figure(id, chart, lineChart)
  const rows = (id: string, chart: RowChart | undefined) => figure(id, chart, rowChart)
  if (mixesAlone(group)) return lines('consensus-distance', agreementFigure(group))
  return [
    ...lines('loss-tokens', lossFigure(group, overTokens, target)),
    ...lines('loss-time', lossFigure(group, overTime(timeLabel), target)),
    ...lines('loss-bytes', lossFigure(group, overBytes, target)),
    ...lines('consensus-distance', consensusFigure(group)),
    ...forests(currencies.map(currency => [`equal-${currency}`, differenceFigure(group, specification, currency)])),
    ...forests(
      (Object.keys(ratioIds) as RatioName[]).map(name => [ratioIds[name], ratioFigure(group, specification, name)]),
    ),
    ...rows('staleness', stalenessFigure(group)),
    ...rows('idle-share', idleFigure(group)),
  ]
}

/** What compares the groups with each other. */
export function acrossFigures(analysis: Analysis): Figure[] {
  return conditionFigures(analysis).flatMap(([id, chart]) => figure(id, chart, lineChart))
}

function figure<T>(id: string, shown: T | undefined, draw: (shown: T, width: number) => Drawing): Figure[] {
  return shown === undefined ? [] : [{ id, draw: width => draw(shown, width) }]
}
