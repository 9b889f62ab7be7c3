import { stalenessQuantiles } from '../../peer/records/staleness.ts'
import {
  type ExchangeCounts,
  millisecondsLeft,
  type PeerSummary,
  recentTokensPerSecond,
  trainingShare,
} from '../../peer/records/summary.ts'
import { formatBytes, formatCount, formatDuration, formatLoss, formatPercent } from '../format.ts'
import type { Paint } from '../paint.ts'
import { bar, sparkline } from './chart.ts'
import { fitFields, renderLine, type Span, span, spansWidth } from './line.ts'

export interface RenderOptions {
  /** Width and height of the terminal. Nothing rendered exceeds them. */
  columns: number
  rows: number
  paint: Paint
  /** Local steps of the whole run, for the bar and the time left. */
  totalSteps: number | undefined
}

const LABEL = 10

/** One peer on a terminal, the most important line first. Pure. */
export function renderPeer(state: PeerSummary, options: RenderOptions): string[] {
  const { columns, rows, paint, totalSteps } = options
  const lines = [
    progressLine(state, totalSteps, columns),
    lossLine(state, columns),
    speedLine(state, columns),
    exchangeLine(state, columns),
    trafficLine(state, columns),
    warningLine(state, columns),
  ]
  return lines
    .filter(line => line !== undefined)
    .slice(0, Math.max(1, rows - 1)) // the cursor stands on the line after
    .map(line => renderLine(line, columns, paint))
}

function label(text: string): Span {
  return span(text.padEnd(LABEL), 'faint')
}

function progressLine(state: PeerSummary, totalSteps: number | undefined, columns: number): Span[] {
  const { step } = state
  const head = span(state.state.padEnd(LABEL), 'strong')
  const detail = state.detail ? [span(state.detail, 'faint')] : undefined
  if (state.fraction !== undefined) return withBar(head, state.fraction, columns, [detail])
  if (totalSteps === undefined || step === 0) {
    return fitFields([head], [step > 0 ? [span(`step ${step}`)] : undefined, detail], columns)
  }
  const left = millisecondsLeft(state, totalSteps)
  return withBar(head, step / totalSteps, columns, [
    [span(`${step}/${totalSteps} steps`)],
    left !== undefined && state.state === 'training' ? [span(`${formatDuration(left)} left`)] : undefined,
    detail,
  ])
}

/** A head, a bar that takes the room left over, and fields. */
export function withBar(
  head: Span,
  fraction: number,
  columns: number,
  fields: readonly (readonly Span[] | undefined)[],
): Span[] {
  const text = fitFields([], fields, columns - spansWidth([head]))
  const room = Math.min(40, columns - spansWidth([head]) - spansWidth(text) - 2)
  return [head, ...(room >= 6 ? [...bar(fraction, room), span('  ')] : []), ...text]
}

function lossLine(state: PeerSummary, columns: number): Span[] | undefined {
  const { lastStep, validation } = state
  if (!lastStep && !validation) return undefined
  const fields: Span[][] = []
  if (lastStep) fields.push([span(formatLoss(lastStep.loss), 'strong')])
  if (validation) {
    fields.push([span('validation ', 'faint'), span(formatLoss(validation.last.loss), 'good')])
    const first = formatLoss(validation.first.loss)
    if (validation.first !== validation.last) fields.push([span(`from ${first}`, 'faint')])
  }
  const line = fitFields([label('loss')], fields, columns)
  const room = Math.min(24, columns - spansWidth(line) - 2)
  return room >= 4 ? [...line, span('  '), span(sparkline(state.lossCurve.means, room), 'accent')] : line
}

function speedLine(state: PeerSummary, columns: number): Span[] | undefined {
  const rate = recentTokensPerSecond(state)
  const share = trainingShare(state)
  if (rate === undefined) return undefined
  return fitFields(
    [label('speed')],
    [
      [span(`${formatCount(rate)} tokens/s`)],
      share === undefined ? undefined : [span(`training ${formatPercent(share)} of the time`, 'faint')],
      [span(`${formatCount(state.tokens)} tokens`, 'faint')],
    ],
    columns,
  )
}

function exchangeLine(state: PeerSummary, columns: number): Span[] | undefined {
  const { exchanges, membership } = state
  if (membership.live <= 1 && exchanges.tried === 0) return undefined
  const peers = [span(`${membership.live} live`)]
  if (exchanges.tried === 0) return fitFields([label('peers')], [peers], columns)
  const { p50, p95, max } = stalenessQuantiles(state.staleness)
  return fitFields(
    [label('peers')],
    [
      peers,
      [span(`${exchanges.ok}/${exchanges.tried} exchanges`)],
      failures(exchanges),
      [span(`staleness ${p50}/${p95}/${max}`, 'faint')],
    ],
    columns,
  )
}

/** "3 busy, 1 timed-out", the most frequent first. */
export function failures({ failed }: ExchangeCounts): Span[] | undefined {
  const reasons = Object.entries(failed).toSorted((a, b) => b[1] - a[1])
  if (reasons.length === 0) return undefined
  return [span(reasons.map(([reason, n]) => `${n} ${reason}`).join(', '), 'bad')]
}

function trafficLine(state: PeerSummary, columns: number): Span[] | undefined {
  const { bytesSent, bytesReceived } = state
  if (bytesSent + bytesReceived === 0) return undefined
  return fitFields(
    [label('traffic')],
    [[span(`${formatBytes(bytesSent)} sent`)], [span(`${formatBytes(bytesReceived)} received`)]],
    columns,
  )
}

function warningLine(state: PeerSummary, columns: number): Span[] | undefined {
  const { last, total } = state.warnings
  if (!last) return undefined
  return fitFields([label(total > 1 ? `${total} warn.` : 'warning')], [[span(last.message, 'bad')]], columns)
}
