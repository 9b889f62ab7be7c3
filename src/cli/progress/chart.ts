import { type Span, span } from './line.ts'

const TICKS = '▁▂▃▄▅▆▇█'

/** A bar of `width` columns, filled to `fraction` of it. */
export function bar(fraction: number, width: number): Span[] {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width)
  return [span('━'.repeat(filled), 'accent'), span('─'.repeat(width - filled), 'faint')]
}

/** Values as a row of at most `width` ticks between their least and greatest, the latest at the right. */
export function sparkline(values: readonly number[], width: number): string {
  const means = resample(values.filter(Number.isFinite), width)
  const low = Math.min(...means)
  const range = Math.max(...means) - low
  return means.map(mean => TICKS[range === 0 ? 0 : Math.round(((mean - low) / range) * (TICKS.length - 1))]).join('')
}

/** Means of `width` groups of neighbours of about equal size; the values themselves if there are no more. */
function resample(values: readonly number[], width: number): readonly number[] {
  if (values.length <= width) return values
  return Array.from({ length: width }, (_, i) => {
    const group = values.slice(Math.floor((i * values.length) / width), Math.floor(((i + 1) * values.length) / width))
    return group.reduce((sum, value) => sum + value, 0) / group.length
  })
}
