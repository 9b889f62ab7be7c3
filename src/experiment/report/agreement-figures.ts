import { formatCount, formatScientific } from '../figure/format.ts'
import type { LineChart } from '../figure/line-chart.ts'
import { AGREED } from './agreement.ts'
import type { GroupResult } from './analysis.ts'
import { curveOf, meanCurve } from './mean-curve.ts'

/** Far enough beyond agreement to see the slope; what is exact falls to where only rounding is left. */
const FLOOR = AGREED / 1000

/** What is left of the consensus distance after each round, on a logarithmic axis. Undefined if there is nothing to draw. */
export function agreementFigure({ arms }: GroupResult): LineChart | undefined {
  const lines = arms.flatMap(({ name: label, index, complete }) => {
    const curves = [...complete.values()].map(cell =>
      curveOf(
        cell,
        sample => sample.time,
        sample => Math.max(sample.relativeConsensusDistance, Number.MIN_VALUE),
      ),
    )
    const points = meanCurve(curves)
    return points.length > 0 ? [{ label, index, points }] : []
  })
  if (lines.length === 0) return undefined
  const points = lines.flatMap(line => line.points)
  const band = points.some(point => point.low < point.high)
  return {
    title: 'Consensus distance',
    x: { label: 'rounds', kind: 'linear', domain: [0, Math.max(...points.map(point => point.x))], format: formatCount },
    y: {
      label: 'Ξ/Ξ₀, Ξ = mean of ‖xᵢ − x̄‖² over peers (logarithmic)',
      kind: 'log',
      domain: [
        Math.max(FLOOR, Math.min(...points.map(point => point.low))),
        Math.max(...points.map(point => point.high)),
      ],
      format: formatScientific,
    },
    lines,
    rules: [{ y: AGREED, label: 'agreed' }],
    notes: [
      band ? 'Line: mean over seeds. Band: from the lowest to the highest seed.' : 'Line: one seed.',
      points.some(point => point.low < FLOOR) ? `What is below ${formatScientific(FLOOR)} is cut off.` : '',
    ].filter(note => note !== ''),
  }
}
