import { mergeStaleness, stalenessQuantiles } from '../../peer/records/staleness.ts'
import { millisecondsLeft, type PeerSummary, recentTokensPerSecond } from '../../peer/records/summary.ts'
import { sumExchanges } from '../../peer/records/swarm-summary.ts'
import { formatBytes, formatCount, formatDuration, formatLoss, shortPeer } from '../format.ts'
import type { Style } from '../paint.ts'
import { fitFields, pad, renderLine, type Span, span } from './line.ts'
import { failures, type RenderOptions, withBar } from './render-peer.ts'

interface Column {
  title: string
  /** Columns of the terminal; negative aligns to the right. */
  width: number
  style: Style
  cell(state: PeerSummary): string
}

export interface SwarmRenderOptions extends RenderOptions {
  /** What a peer is called. @default the end of its id */
  name?: ((peer: string) => string) | undefined
}

/** Several peers on a terminal: a summary, and a row for each as far as there is room. Pure. */
export function renderSwarm(states: readonly PeerSummary[], options: SwarmRenderOptions): string[] {
  const { columns, rows, paint } = options
  const table = fittingColumns(tableColumns(options), columns)
  const summary = [progressLine(states, options), totalsLine(states, columns)]
  const room = Math.max(0, rows - 1 - summary.length - 1)
  const shown = states.length <= room ? states : states.slice(0, Math.max(0, room - 1))
  const hidden = states.length - shown.length
  const lines = [
    ...summary,
    [span(table.map(({ title, width }) => pad(title, width)).join('  '), 'faint')],
    ...shown.map(state => tableRow(table, state)),
    ...(hidden > 0 ? [[span(`… and ${hidden} more peers`, 'faint')]] : []),
  ]
  return lines.slice(0, Math.max(1, rows - 1)).map(line => renderLine(line, columns, paint))
}

function tableColumns({ totalSteps, name = shortPeer }: SwarmRenderOptions): Column[] {
  const of = totalSteps === undefined ? '' : `/${totalSteps}`
  const rate = (state: PeerSummary) => recentTokensPerSecond(state)
  return [
    { title: 'peer', width: 8, style: 'strong', cell: state => name(state.peer) },
    { title: 'step', width: -Math.max(5, 2 * of.length - 1), style: 'plain', cell: state => `${state.step}${of}` },
    { title: 'loss', width: -7, style: 'plain', cell: ({ lastStep }) => (lastStep ? formatLoss(lastStep.loss) : '') },
    { title: 'exchanges', width: -9, style: 'plain', cell: ({ exchanges }) => `${exchanges.ok}/${exchanges.tried}` },
    {
      title: 'valid.',
      width: -7,
      style: 'good',
      cell: ({ validation }) => (validation ? formatLoss(validation.last.loss) : ''),
    },
    { title: 'tokens/s', width: -8, style: 'plain', cell: state => (rate(state) ? formatCount(rate(state)!) : '') },
    { title: 'live', width: -4, style: 'plain', cell: ({ membership }) => String(membership.live) },
    { title: 'sent', width: -8, style: 'plain', cell: ({ bytesSent }) => formatBytes(bytesSent) },
    {
      title: 'stale p50/p95/max',
      width: -17,
      style: 'faint',
      cell: state => Object.values(stalenessQuantiles(state.staleness)).join('/'),
    },
    { title: 'state', width: 10, style: 'faint', cell: ({ state }) => state },
    {
      title: 'detail',
      width: 60,
      style: 'faint',
      cell: ({ detail, warnings }) => detail ?? warnings.last?.message ?? '',
    },
  ]
}

/** The first columns that fit side by side; the last ones are dropped first. */
function fittingColumns(table: readonly Column[], columns: number): Column[] {
  let width = -2
  return table.filter(column => {
    width += Math.abs(column.width) + 2
    return width <= columns
  })
}

function tableRow(table: readonly Column[], state: PeerSummary): Span[] {
  return table.flatMap(({ width, style, cell }, i) => [
    ...(i > 0 ? [span('  ')] : []),
    span(pad(span(cell(state)).text, width), style),
  ])
}

function progressLine(states: readonly PeerSummary[], { totalSteps, columns }: SwarmRenderOptions): Span[] {
  const head = span(`${states.length} peers  `, 'strong')
  if (totalSteps === undefined || states.length === 0) return [head]
  const steps = states.reduce((sum, state) => sum + Math.min(state.step, totalSteps), 0)
  const fraction = steps / (totalSteps * states.length)
  const left = Math.max(...states.map(state => millisecondsLeft(state, totalSteps) ?? 0))
  return withBar(head, fraction, columns, [
    [span(`${Math.floor(fraction * 100)}%`)],
    left > 0 ? [span(`${formatDuration(left)} left`)] : undefined,
  ])
}

function totalsLine(states: readonly PeerSummary[], columns: number): Span[] {
  const exchanges = sumExchanges(states.map(state => state.exchanges))
  const rate = states.reduce((sum, state) => sum + (recentTokensPerSecond(state) ?? 0), 0)
  const sent = states.reduce((sum, state) => sum + state.bytesSent, 0)
  const losses = states.flatMap(({ validation }) => (validation ? [validation.last.loss] : []))
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  const { p50, p95, max } = stalenessQuantiles(mergeStaleness(states.map(state => state.staleness)))
  return fitFields(
    [],
    [
      [span(`${exchanges.ok}/${exchanges.tried} exchanges`)],
      failures(exchanges),
      losses.length > 0 ? [span('validation ', 'faint'), span(formatLoss(mean), 'good')] : undefined,
      [span(`${formatCount(rate)} tokens/s`)],
      [span(`${formatBytes(sent)} sent`)],
      [span(`staleness ${p50}/${p95}/${max}`, 'faint')],
    ],
    columns,
  )
}
