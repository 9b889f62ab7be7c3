import { formatInterval, formatPercent } from '../figure/format.ts'
import { binCounts, binWidth, drawBins } from '../figure/histogram.ts'
import type { RowBox, RowChart } from '../figure/row-chart.ts'
import { linearScale, type Scale } from '../figure/scale.ts'
import { coordinate, element } from '../figure/svg.ts'
import { colourClass, marker } from '../figure/theme.ts'
import type { GroupResult } from './analysis.ts'
import { type ArmResult, describeAbsence } from './arm-result.ts'

const MOST_BINS = 40

/** How stale the exchanges' deltas were. Undefined if no arm counted any. */
export function stalenessFigure({ arms }: GroupResult): RowChart | undefined {
  const counted = arms.filter(arm => arm.stalenessQuantiles)
  if (counted.length === 0) return undefined
  const last = Math.max(1, ...counted.map(arm => quantileOf(arm, 0.995)))
  const width = binWidth(last, MOST_BINS)
  const end = width * Math.ceil((last + 1) / width)
  const beyond = counted.filter(arm => arm.staleness.max >= end)
  return {
    title: 'Staleness of exchanges',
    rowHeight: 34,
    axis: {
      label: `staleness (local steps)${width > 1 ? `, in bins of ${width}` : ''}`,
      format: String,
      scale: (range, ticks) => wholeNumbers(linearScale({ domain: [0, end], range, ticks })),
    },
    rows: arms.map(arm => ({
      label: arm.name,
      index: arm.index,
      text: describeStaleness(arm),
      draw: (scale, box) => drawBins(binCounts(arm.staleness.counts, width, last), width, arm.index, scale, box),
    })),
    notes: [
      'Bars: share of the arm’s exchanges; the tallest bar of each row fills it.',
      ...(beyond.length > 0
        ? [`The last half a percent, up to ${Math.max(...beyond.map(arm => arm.staleness.max))} steps, is not drawn.`]
        : []),
    ],
  }
}

function wholeNumbers(scale: Scale): Scale {
  return { ...scale, ticks: scale.ticks.filter(Number.isInteger) }
}

function describeStaleness(arm: ArmResult): string {
  const { stalenessQuantiles: found, complete } = arm
  if (complete.size === 0) return describeAbsence(arm)
  return found ? `median ${found.p50}, 95% ≤ ${found.p95}, most ${found.max}` : 'no exchanges'
}

/** Nearest rank. */
function quantileOf({ staleness }: ArmResult, fraction: number): number {
  let seen = 0
  return staleness.counts.findIndex(count => {
    seen += count
    return seen >= fraction * staleness.total
  })
}

/** Share of the time in which peers waited. Undefined if no run was complete. */
export function idleFigure({ arms }: GroupResult): RowChart | undefined {
  if (arms.every(arm => !arm.idleShare)) return undefined
  const most = Math.max(0.1, ...arms.flatMap(arm => [...arm.complete.values()].map(cell => cell.summary.idleShare)))
  return {
    title: 'Idle share',
    rowHeight: 16,
    axis: {
      label: 'share of time idle, mean over peers',
      format: share => `${Number((share * 100).toPrecision(3))}%`,
      scale: (range, ticks) => linearScale({ domain: [0, most], range, ticks }),
    },
    rows: arms.map(arm => ({
      label: arm.name,
      index: arm.index,
      text: describeIdle(arm),
      draw: (scale, box) => drawIdle(arm, scale, box),
    })),
    notes: ['Bar: mean over seeds. Markers: the seeds.'],
  }
}

function describeIdle(arm: ArmResult): string {
  const { idleShare } = arm
  if (!idleShare) return describeAbsence(arm)
  // A share below nought is Student's, not a peer's.
  const share = (value: number) => formatPercent(Math.min(1, Math.max(0, value)))
  return `${share(idleShare.mean)} ${formatInterval(idleShare.interval, share)}`.trim()
}

function drawIdle({ index, idleShare, complete }: ArmResult, scale: Scale, { top, bottom }: RowBox): string {
  if (!idleShare) return ''
  const [from, to] = [scale.position(0), scale.position(idleShare.mean)]
  const d = `M${coordinate(from)} ${coordinate(top)}H${coordinate(to)}V${coordinate(bottom)}H${coordinate(from)}z`
  const seeds = [...complete.values()].map(cell =>
    marker(
      index,
      scale.position(cell.summary.idleShare),
      (top + bottom) / 2,
      3,
      `seed ${cell.seed}: ${formatPercent(cell.summary.idleShare)}`,
    ),
  )
  return [element('path', { d, class: `band ${colourClass(index)}` }), ...seeds].join('')
}
