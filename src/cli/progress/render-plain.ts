import type { Recorded } from '../../core/telemetry.ts'
import { stalenessQuantiles } from '../../peer/records/staleness.ts'
import { millisecondsLeft, type PeerSummary, recentTokensPerSecond } from '../../peer/records/summary.ts'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatLoss,
  formatMetrics,
  formatPercent,
  shortPeer,
} from '../format.ts'
import { printable } from './line.ts'
import { failures } from './render-peer.ts'

/** One peer's progress as one line of text, for logs. Pure. */
export function renderPlain(state: PeerSummary, totalSteps: number | undefined): string {
  const { step, lastStep, validation, exchanges, membership, bytesSent } = state
  const left = totalSteps === undefined ? undefined : millisecondsLeft(state, totalSteps)
  const rate = recentTokensPerSecond(state)
  const failed = failures(exchanges)?.map(({ text }) => text)
  const fields = [
    totalSteps === undefined ? `step ${step}` : `step ${step}/${totalSteps}`,
    lastStep && `loss ${formatLoss(lastStep.loss)}`,
    validation && `validation ${formatLoss(validation.last.loss)}`,
    rate !== undefined && `${formatCount(rate)} tokens/s`,
    membership.live > 1 && `${membership.live} live`,
    exchanges.tried > 0 && `exchanges ${exchanges.ok}/${exchanges.tried}${failed ? ` (${failed.join('')})` : ''}`,
    exchanges.ok > 0 && `staleness ${Object.values(stalenessQuantiles(state.staleness)).join('/')}`,
    bytesSent > 0 && `sent ${formatBytes(bytesSent)}`,
    left !== undefined && left > 0 && `${formatDuration(left)} left`,
  ]
  return fields.filter(Boolean).join('  ')
}

function percent(fraction: number | undefined): string | undefined {
  return fraction === undefined ? undefined : formatPercent(fraction)
}

/** What is worth a line of its own as it happens; undefined for the rest, which the regular lines add up. Pure. */
export function renderMoment(event: Recorded): string | undefined {
  switch (event.type) {
    case 'state':
      return [printable(event.detail ? `${event.state}: ${event.detail}` : event.state), percent(event.fraction)]
        .filter(Boolean)
        .join(', ')
    case 'membership':
      return `${shortPeer(printable(event.peer))} ${event.change}, ${event.live} live`
    case 'evaluation':
      return printable(`step ${event.step}  validation ${formatLoss(event.loss)}${formatMetrics(event.metrics)}`)
    case 'warning':
      return printable(`warning: ${event.message}`)
    case 'trainer':
    case 'memory':
    case 'checkpoint':
    case 'exchange':
    case 'step':
      return undefined
  }
}
