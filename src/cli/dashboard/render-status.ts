import type { Curves, Series } from '../../dashboard/api/curves.ts'
import type { RunInfo } from '../../dashboard/api/run.ts'
import type { PeerState, SwarmState } from '../../dashboard/api/state.ts'
import { formatBytes, formatCount, formatDuration, formatLoss, formatPercent } from '../format.ts'
import type { Paint, Style } from '../paint.ts'
import { sparkline } from '../progress/chart.ts'
import { fitFields, pad, renderLine, type Span, span } from '../progress/line.ts'
import { renderMatrix } from './render-matrix.ts'

export interface StatusRenderOptions {
  /** Width and height; nothing rendered exceeds them. */
  columns: number
  rows: number
  paint: Paint
}

const LABEL = 11
const MOST_ALERTS = 5

/** Curves get what is left of a line, up to this. */
const WIDEST_CURVE = 60

/** A swarm as lines of text: totals, alerts, curves, the peers, the exchange matrix. The most important first. Pure. */
export function renderStatus(
  run: RunInfo,
  state: SwarmState,
  curves: Curves,
  { columns, rows, paint }: StatusRenderOptions,
): string[] {
  const lines: Span[][] = [
    headLine(run, state, columns),
    ...failedLines(run),
    ...alertLines(state),
    ...curveLines(state, curves, columns),
    [],
    ...peerLines(state, columns),
    [],
    ...renderMatrix(state, columns),
  ]
  while (lines.at(-1)?.length === 0) lines.pop()
  return lines.slice(0, Math.max(1, rows - 1)).map(line => renderLine(line, columns, paint).trimEnd())
}

function headLine({ mode, title, indexed }: RunInfo, { totals, time, peers }: SwarmState, columns: number): Span[] {
  const { live, silent, departed, step, totalSteps, tokens } = totals
  const moment = mode === 'live' ? 'live' : `ended ${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const there = [`${live} live`, silent > 0 && `${silent} silent`, departed > 0 && `${departed} departed`].filter(
    Boolean,
  )
  return fitFields(
    [],
    [
      [span(title, 'strong')],
      [span(moment, mode === 'live' ? 'good' : 'faint')],
      indexed < 1 ? [span(`${formatPercent(indexed)} of the records read`, 'accent')] : undefined,
      [span(peers.length === 0 ? 'nobody was heard yet' : there.join(', '))],
      peers.length > 0 ? [span(totalSteps === null ? `step ${step}` : `step ${step}/${totalSteps}`)] : undefined,
      tokens > 0 ? [span(`${formatCount(tokens)} tokens`)] : undefined,
    ],
    columns,
  )
}

function failedLines({ sources }: RunInfo): Span[][] {
  const failed = sources.find(({ problem }) => problem !== null)
  return failed ? [[span('FAILED   ', 'bad'), span(`${failed.name}: ${failed.problem}`)]] : []
}

function alertLines({ alerts }: SwarmState): Span[][] {
  const hidden = alerts.length - MOST_ALERTS
  return [
    ...alerts
      .slice(0, MOST_ALERTS)
      .map(({ level, message }) => [span(level === 'critical' ? 'CRITICAL ' : 'alert    ', 'bad'), span(message)]),
    ...(hidden > 0 ? [[span(`… and ${hidden} more alerts`, 'bad')]] : []),
  ]
}

function curveLines({ totals }: SwarmState, { swarm }: Curves, columns: number): Span[][] {
  const known = (value: number | null, text: (value: number) => string) => (value === null ? '' : text(value))
  const { exchanges, staleness, bytesPerToken } = totals
  const rows: [label: string, value: string, series: Series][] = [
    ['loss', known(totals.loss, formatLoss), swarm.loss],
    ['validation', known(totals.validationLoss, formatLoss), swarm.validationLoss],
    ['tokens/s', totals.tokensPerSecond > 0 ? formatCount(totals.tokensPerSecond) : '', swarm.tokensPerSecond],
    ['consensus', known(totals.consensusDistance, value => value.toPrecision(3)), swarm.consensusDistance],
    ['staleness', exchanges.ok > 0 ? `${staleness.p50}/${staleness.p95}/${staleness.max}` : '', swarm.staleness],
    ['exchanges', exchanges.tried > 0 ? `${exchanges.ok}/${exchanges.tried}` : '', swarm.exchangeSuccess],
    ['bytes/token', known(bytesPerToken, value => value.toPrecision(3)), swarm.bytesPerToken],
    ['training', known(totals.trainingShare, formatPercent), swarm.trainingShare],
  ]
  return rows.flatMap(([label, value, series]) => {
    if (value === '') return []
    const known = series.filter(each => each !== null)
    const room = Math.min(WIDEST_CURVE, columns - LABEL - 16)
    const curve = known.length > 1 && room >= 4 ? [span(sparkline(known, room), 'accent')] : []
    return [[span(pad(label, LABEL), 'faint'), span(' '), span(pad(value, 13), 'strong'), span('  '), ...curve]]
  })
}

interface Column {
  title: string
  /** Negative aligns to the right. */
  width: number
  style?: Style
  cell(peer: PeerState): string
}

function peerColumns(peers: readonly PeerState[]): Column[] {
  const name = Math.min(16, Math.max(4, ...peers.map(peer => peer.name.length)))
  const known = (value: number | null, text: (value: number) => string) => (value === null ? '-' : text(value))
  return [
    { title: 'peer', width: name, style: 'strong', cell: peer => peer.name },
    { title: 'is', width: 8, cell: ({ presence }) => presence },
    { title: 'step', width: -7, cell: ({ step }) => String(step) },
    { title: 'loss', width: -7, cell: ({ loss }) => known(loss, formatLoss) },
    { title: 'tokens/s', width: -8, cell: ({ tokensPerSecond }) => known(tokensPerSecond, formatCount) },
    { title: 'stale', width: -5, cell: ({ staleness }) => known(staleness, String) },
    { title: 'differs', width: -9, cell: ({ disagreement }) => known(disagreement, value => value.toPrecision(3)) },
    { title: 'exchanges', width: -11, cell: ({ exchanges: { ok, tried } }) => (tried > 0 ? `${ok}/${tried}` : '-') },
    { title: 'valid.', width: -7, cell: ({ validationLoss }) => known(validationLoss, formatLoss) },
    { title: 'sent', width: -8, cell: ({ bytesSent }) => (bytesSent > 0 ? formatBytes(bytesSent) : '-') },
    { title: 'memory', width: -8, cell: ({ memory }) => (memory ? formatBytes(memory.resident) : '-') },
    { title: 'backend', width: 10, style: 'faint', cell: ({ backend }) => backend ?? '-' },
    {
      title: 'shards',
      width: -6,
      style: 'faint',
      cell: ({ shards }) => (shards.length > 0 ? String(shards.length) : '-'),
    },
    { title: 'state', width: 10, style: 'faint', cell: ({ state }) => state },
    {
      title: 'silent for',
      width: -10,
      style: 'bad',
      cell: ({ presence, missingSince, heardAt }) =>
        presence === 'silent' && missingSince !== null ? formatDuration(missingSince - heardAt) : '',
    },
  ]
}

function peerLines({ peers }: SwarmState, columns: number): Span[][] {
  if (peers.length === 0) return []
  let width = -2
  const table = peerColumns(peers).filter(column => {
    width += Math.abs(column.width) + 2
    return width <= columns
  })
  const row = (cell: (column: Column) => Span): Span[] =>
    table.flatMap((column, i) => {
      const { text, style } = cell(column)
      return [...(i > 0 ? [span('  ')] : []), span(pad(text, column.width), style)]
    })
  return [
    row(({ title }) => span(title, 'faint')),
    ...peers.map(peer => row(column => span(column.cell(peer), peer.presence === 'live' ? column.style : 'faint'))),
  ]
}
