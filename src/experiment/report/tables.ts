import {
  formatBytes,
  formatCount,
  formatDuration,
  formatInterval,
  formatLoss,
  formatPercent,
  formatScientific,
  NOTHING,
} from '../figure/format.ts'
import type { Estimate } from '../statistics/estimate.ts'
import type { Censored } from '../statistics/ratio.ts'
import { mixesAlone } from './agreement.ts'
import { agreementColumns } from './agreement-tables.ts'
import type { Analysis, GroupResult } from './analysis.ts'
import { type ArmResult, censoredMedian } from './arm-result.ts'
import { describeDifference, describeRatio, describeVerdict } from './comparison-figures.ts'
import { type ReportSpecification, VIRTUAL } from './report-specification.ts'
import type { Column, Table } from './table.ts'

/** What came out, what it cost, and how the exchanges went: a table each; one for mixing alone, which costs nothing. */
export function groupTables(
  group: GroupResult,
  { baseline, target, margin, timeLabel = VIRTUAL }: ReportSpecification,
): Table[] {
  const table = (caption: string, columns: readonly Column[]): Table => ({
    caption,
    titles: ['arm', ...columns.map(column => column.title)],
    rows: group.arms.map(arm => {
      const comparison = group.comparisons.find(other => other.arm === arm)
      return { arm, cells: columns.map(column => column.cell(arm, comparison)) }
    }),
  })
  if (mixesAlone(group)) {
    return [
      table('How fast the peers agree: means over seeds', [{ title: 'runs', cell: describeRuns }, ...agreementColumns]),
    ]
  }
  const judged = margin === undefined ? [] : [verdictColumn(baseline)]
  return [
    table('Loss at the end, in nats per token, and against the baseline at equal tokens', [
      { title: 'runs', cell: describeRuns },
      { title: 'averaged model', cell: describeLoss },
      { title: 'mean peer', cell: arm => mean(arm.lossOfPeersMean, formatLoss) },
      { title: 'worst peer', cell: arm => mean(arm.lossOfWorstPeer, formatLoss) },
      differenceColumn(baseline),
      ...judged,
    ]),
    ...(target === undefined
      ? []
      : [
          table(`Spent until a loss of ${target}: medians over seeds`, [
            { title: timeLabel, cell: arm => spent(arm, 'time', formatDuration) },
            {
              title: 'times faster',
              cell: (_, comparison) => (comparison ? describeRatio(comparison.ratios.timeToTarget) : NOTHING),
            },
            { title: 'tokens', cell: arm => spent(arm, 'tokens', formatCount) },
            { title: 'bytes', cell: arm => spent(arm, 'bytes', formatBytes) },
            {
              title: 'times fewer bytes',
              cell: (_, comparison) => (comparison ? describeRatio(comparison.ratios.bytesToTarget) : NOTHING),
            },
          ]),
        ]),
    table('Traffic, waiting and agreement', [
      { title: 'bytes per peer and step', cell: arm => mean(arm.bytesPerPeerPerStep, formatBytes) },
      { title: 'bytes per token', cell: arm => mean(arm.bytesPerToken, formatBytes) },
      { title: 'idle', cell: arm => mean(arm.idleShare, formatPercent) },
      { title: 'exchanges', cell: describeExchanges },
      { title: 'staleness, median / 95% / most', cell: describeStaleness },
      { title: 'Ξ / ‖x̄‖² at the end', cell: arm => mean(arm.relativeConsensusDistance, formatScientific) },
    ]),
  ]
}

/** The arms in a few columns, as rows for a terminal. */
export function summaryRows({ groups, specification }: Analysis): { titles: string[]; rows: string[][] } {
  const { baseline, target, margin } = specification
  const trained: Column[] = [
    { title: 'loss', cell: arm => mean(arm.loss, formatLoss) },
    differenceColumn(baseline),
    ...(margin === undefined ? [] : [verdictColumn(baseline)]),
    ...(target === undefined
      ? []
      : [{ title: 'time to target', cell: (arm: ArmResult) => spent(arm, 'time', formatDuration) }]),
    { title: 'bytes/token', cell: arm => mean(arm.bytesPerToken, formatBytes) },
    { title: 'idle', cell: arm => mean(arm.idleShare, formatPercent) },
  ]
  const columns: Column[] = [
    { title: 'runs', cell: describeRuns },
    ...(groups.length > 0 && groups.every(mixesAlone) ? agreementColumns : trained),
  ]
  const labelled = groups.length > 1
  return {
    titles: [...(labelled ? ['conditions'] : []), 'arm', ...columns.map(column => column.title)],
    rows: groups.flatMap(group =>
      group.arms.map(arm => {
        const comparison = group.comparisons.find(other => other.arm === arm)
        return [...(labelled ? [group.label] : []), arm.name, ...columns.map(column => column.cell(arm, comparison))]
      }),
    ),
  }
}

function differenceColumn(baseline: string): Column {
  return {
    title: `less ${baseline}`,
    cell: (arm, comparison) =>
      comparison ? describeDifference(comparison.differences.tokens) : arm.name === baseline ? 'baseline' : NOTHING,
  }
}

function verdictColumn(baseline: string): Column {
  return {
    title: 'verdict',
    cell: (arm, comparison) =>
      arm.name === baseline ? NOTHING : (comparison && describeVerdict(comparison.differences.tokens)) || NOTHING,
  }
}

/** "5", "4 of 5 (1 failed)", "5 (2 missed the target)" */
function describeRuns({ runs: { planned, finished, censored, failed, missing } }: ArmResult): string {
  const complete = finished + censored
  const remarks = [
    censored > 0 ? `${censored} missed the target` : '',
    failed > 0 ? `${failed} failed` : '',
    missing > 0 ? `${missing} not run` : '',
  ].filter(remark => remark !== '')
  const counted = complete === planned ? String(complete) : `${complete} of ${planned}`
  return remarks.length > 0 ? `${counted} (${remarks.join(', ')})` : counted
}

function describeExchanges({ exchanges: { tried, ok, failed } }: ArmResult): string {
  if (tried === 0) return 'none'
  const reasons = Object.entries(failed)
    .filter(([, times]) => times > 0)
    .toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([reason, times]) => `${reason.replaceAll('-', ' ')} ${formatCount(times)}`)
  return [`${formatPercent(ok / tried)} of ${formatCount(tried)}`, ...reasons].join(', ')
}

function describeStaleness({ stalenessQuantiles: found }: ArmResult): string {
  return found ? `${found.p50} / ${found.p95} / ${found.max}` : NOTHING
}

function spent(arm: ArmResult, currency: keyof ArmResult['toTarget'], format: (value: number) => string): string {
  return describeCensored(censoredMedian(arm.toTarget[currency].values()), format)
}

/** "> 3.2 h" of what was not reached by then. */
function describeCensored(found: Censored | undefined, format: (value: number) => string): string {
  // What sends nothing can be said to have sent more than nothing until it arrives, but it says nothing.
  if (!found || (found.censored && found.value === 0)) return NOTHING
  return `${found.censored ? '> ' : ''}${format(found.value)}`
}

function mean(estimate: Estimate | undefined, format: (value: number) => string): string {
  return estimate ? format(estimate.mean) : NOTHING
}

function describeLoss({ loss, complete }: ArmResult): string {
  if (!loss) return complete.size > 0 ? 'not finite' : NOTHING
  const some = loss.count < complete.size ? `(${loss.count} of ${complete.size} finite)` : ''
  return [formatLoss(loss.mean), formatInterval(loss.interval, formatLoss), some].filter(part => part !== '').join(' ')
}
