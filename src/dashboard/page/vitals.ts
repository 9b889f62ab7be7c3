import { setText } from './element.ts'
import { bytes, count, loss, percent, plural, quantity, whole } from './format.ts'
import type { SwarmModel } from './swarm-model.ts'

type Figure = readonly [figure: string, note: string]

/** The row of figures. Each has its place in index.html by name. */
export function showVitals(root: ParentNode, model: SwarmModel): void {
  for (const [name, [figure, note]] of Object.entries(figures(model))) {
    setText(root.querySelector(`[data-figure="${name}"]`)!, figure)
    setText(root.querySelector(`[data-note="${name}"]`)!, note)
  }
}

function figures({ totals }: SwarmModel): Readonly<Record<string, Figure>> {
  const none: Figure = ['–', '']
  if (!totals) {
    const names = ['peers', 'step', 'loss', 'tokensPerSecond', 'consensusDistance', 'exchanges', 'staleness']
    return Object.fromEntries([...names, 'bytesPerToken', 'trainingShare'].map(name => [name, none]))
  }
  const { exchanges, staleness } = totals
  const missing = [totals.silent > 0 && `${totals.silent} silent`, totals.departed > 0 && `${totals.departed} departed`]
  return {
    peers: [whole(totals.live), missing.filter(Boolean).join(', ') || (totals.live > 1 ? 'all live' : '')],
    step: [whole(totals.step), totals.totalSteps === null ? '' : `of ${whole(totals.totalSteps)}`],
    loss: [
      loss(totals.loss),
      totals.validationLoss === null ? 'training' : `validation ${loss(totals.validationLoss)}`,
    ],
    tokensPerSecond: [count(totals.tokensPerSecond), `${count(totals.tokens)} so far`],
    consensusDistance: [quantity(totals.consensusDistance), 'estimated RMS'],
    exchanges: [
      exchanges.tried === 0 ? '–' : percent(totals.recentSuccess ?? exchanges.ok / exchanges.tried),
      exchanges.tried === 0 ? 'none yet' : `${count(exchanges.ok)} of ${count(exchanges.tried)} done`,
    ],
    staleness:
      exchanges.ok === 0 ? none : [`${quantity(staleness.p50)}`, `median; p95 ${plural(staleness.p95, 'step')}`],
    bytesPerToken: [quantity(totals.bytesPerToken), `${bytes(totals.bytesSent)} sent`],
    trainingShare: [percent(totals.trainingShare), 'of wall time'],
  }
}
