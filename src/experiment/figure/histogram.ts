import type { RowBox } from './row-chart.ts'
import type { Scale } from './scale.ts'
import { element } from './svg.ts'
import { colourClass } from './theme.ts'

/** Equal bins over whole numbers: `[from, from + width)`, with the share of all counts that falls in. */
export interface Bin {
  readonly from: number
  readonly share: number
}

/**
 * Counts by whole numbers as at most `most` bins from 0 to `last`; what lies above `last` is left out of the bins, not of the
 * shares.
 */
export function binCounts(counts: readonly number[], width: number, last: number): Bin[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const bins: Bin[] = []
  for (let from = 0; from <= last; from += width) {
    const inside = counts.slice(from, from + width).reduce((sum, count) => sum + count, 0)
    bins.push({ from, share: total > 0 ? inside / total : 0 })
  }
  return bins
}

/** A round width with which 0..last fits into `most` bins. */
export function binWidth(last: number, most: number): number {
  for (let unit = 1; ; unit *= 10) {
    for (const factor of [1, 2, 5]) {
      if (Math.ceil((last + 1) / (factor * unit)) <= most) return factor * unit
    }
  }
}

/** Bars that stand on the floor of their row; the tallest one fills it. */
export function drawBins(bins: readonly Bin[], width: number, index: number, scale: Scale, box: RowBox): string {
  const tallest = Math.max(...bins.map(bin => bin.share))
  if (!(tallest > 0)) return ''
  const bars = bins
    .filter(bin => bin.share > 0)
    .map(({ from, share }) => {
      const [left, right] = [scale.position(from), scale.position(from + width)]
      const height = Math.max(1, (share / tallest) * (box.bottom - box.top))
      return element('rect', {
        x: left,
        y: box.bottom - height,
        width: Math.max(1, right - left - 1),
        height,
        class: `bar ${colourClass(index)}`,
      })
    })
  return bars.join('')
}
