import type { CurveName, Curves } from '../../api/curves.ts'
import { count, duration, loss, percent, quantity } from '../format.ts'
import type { SwarmModel } from '../swarm-model.ts'
import { outcomeBars } from './outcome-bars.ts'
import { type Line, type Plot, type PlotInit, plot } from './plot.ts'
import { stalenessHistogram } from './staleness-histogram.ts'

/** All curves beside the graph. */
export interface CurvesPanel {
  show(curves: Curves, selected: string | undefined): void
  /** Figures of the moment: histogram and reasons. */
  moveTo(model: SwarmModel): void
  restyle(): void
}

/** More single lines than these make a band instead. */
const MAX_SINGLE = 40

const swarmPlots: readonly (PlotInit & { curve: CurveName })[] = [
  { curve: 'tokensPerSecond', title: 'Tokens per second', told: ['all'], format: count, zeroBased: true },
  { curve: 'consensusDistance', title: 'Consensus distance', told: ['all'], format: quantity, zeroBased: true },
  { curve: 'exchangeSuccess', title: 'Exchange success', told: ['all'], format: percent, range: [0, 1.04] },
  { curve: 'roundTripMs', title: 'Round trip of an exchange', told: ['all'], format: duration, zeroBased: true },
  { curve: 'bytesPerToken', title: 'Bytes per token', told: ['all'], format: quantity, zeroBased: true },
  { curve: 'trainingShare', title: 'Share of time training', told: ['all'], format: percent, range: [0, 1.04] },
]

export function curvesPanel(root: HTMLElement): CurvesPanel {
  const losses = plot({ title: 'Loss', told: ['mean', 'validation', 'selected'], format: loss, axisFormat: quantity })
  const others = swarmPlots.map(init => ({ curve: init.curve, plot: plot(init) }))
  const staleness = stalenessHistogram()
  const outcomes = outcomeBars()
  const place = (curve: CurveName) => others.find(other => other.curve === curve)!.plot.root
  root.append(
    losses.root,
    place('tokensPerSecond'),
    place('consensusDistance'),
    staleness.root,
    place('exchangeSuccess'),
    outcomes.root,
    place('roundTripMs'),
    place('bytesPerToken'),
    place('trainingShare'),
  )
  const plots: Plot[] = [losses, ...others.map(other => other.plot)]
  return {
    show(curves, selected) {
      losses.show(curves.times, lossLines(curves, selected))
      for (const other of others) {
        other.plot.show(curves.times, [
          { label: 'all', values: curves.swarm[other.curve], colour: 'curve', width: 1.75 },
        ])
      }
    },
    moveTo(model) {
      for (const each of plots) each.moveTo(model.time)
      staleness.show(model.totals?.staleness)
      outcomes.show(model.totals?.exchanges)
    },
    restyle() {
      for (const each of plots) each.restyle()
    },
  }
}

/** Each peer faintly, or their band where they are many; the mean, the validation and whom one looks at above them. */
function lossLines(curves: Curves, selected: string | undefined): Line[] {
  const { swarm, lossRange, peers } = curves
  const chosen = peers.find(peer => peer.id === selected)
  const lines: Line[] =
    peers.length > MAX_SINGLE
      ? [
          { label: 'most', values: lossRange.greatest, colour: 'curve-faint', band: true },
          { label: 'least', values: lossRange.least, colour: 'curve-faint' },
        ]
      : peers.map((peer): Line => ({ label: peer.id, values: peer.loss, colour: 'curve-faint' }))
  lines.push({ label: 'mean', values: swarm.loss, colour: 'curve', width: 2 })
  if (swarm.validationLoss.some(value => value !== null)) {
    lines.push({ label: 'validation', values: swarm.validationLoss, colour: 'curve-2', width: 1.75, dash: [6, 3] })
  }
  if (chosen) lines.push({ label: 'selected', values: chosen.loss, colour: 'curve-2', width: 1.75 })
  return lines
}
