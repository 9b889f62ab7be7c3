import prettyBytes from 'pretty-bytes'
import type { Interval } from '../statistics/estimate.ts'

/** How numbers are written in figures and tables: a true minus sign, a dash for what is not known, never NaN. */

export const NOTHING = '–'

/** Three significant digits with k, M, G, T: 950, 12.3k, 4.56M. */
export function formatCount(value: number): string {
  return signed(value, size => {
    const units = ['', 'k', 'M', 'G', 'T']
    const power = units.findIndex((_, i) => size < 999.5 * 1000 ** i)
    const unit = power < 0 ? units.length - 1 : power
    return `${plain(size / 1000 ** unit)}${units[unit]}`
  })
}

/** 850 B, 1.23 MB */
export function formatBytes(value: number): string {
  return signed(value, size => prettyBytes(Number(size.toPrecision(3))))
}

/** Of virtual seconds: 12.3 s, 4.5 min, 2.1 h, 3.2 d */
export function formatDuration(seconds: number): string {
  return signed(seconds, size => {
    const [length, unit] = durationUnit(size)
    return `${plain(size / length)} ${unit}`
  })
}

/** The unit in which a duration reads best, with its length in seconds. */
export function durationUnit(seconds: number): readonly [length: number, unit: string] {
  if (seconds < 180) return [1, 's']
  if (seconds < 3 * 3600) return [60, 'min']
  return seconds < 3 * 86_400 ? [3600, 'h'] : [86_400, 'd']
}

export function formatLoss(nats: number): string {
  return signed(nats, size => size.toFixed(4))
}

/** Of an axis of losses: no more digits than it takes. */
export function formatTick(value: number): string {
  return signed(value, plain)
}

/** A difference: its sign is always there. */
export function formatDifference(nats: number): string {
  return nats > 0 ? `+${formatLoss(nats)}` : formatLoss(nats)
}

export function formatPercent(fraction: number): string {
  return signed(fraction, size => `${(size * 100).toFixed(1)}%`)
}

/** Powers of ten for what spans many of them: 3.2e−5 */
export function formatScientific(value: number): string {
  return signed(value, size => {
    if (size === 0 || (size >= 0.01 && size < 10_000)) return plain(size)
    const [mantissa, exponent] = size.toExponential(1).split('e')
    return `${Number(mantissa)}e${Number(exponent) < 0 ? `−${-Number(exponent)}` : Number(exponent)}`
  })
}

/** 3.20× */
export function formatTimes(ratio: number): string {
  return `${ratio < 999.5 ? ratio.toPrecision(3) : formatCount(ratio)}×`
}

export function formatInterval(interval: Interval | undefined, format: (value: number) => string): string {
  return interval ? `[${format(interval.low)}, ${format(interval.high)}]` : ''
}

/** Three significant digits, no exponent. */
function plain(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function signed(value: number, format: (size: number) => string): string {
  if (!Number.isFinite(value)) return NOTHING
  const written = format(Math.abs(value))
  return value < 0 && /[1-9]/.test(written) ? `−${written}` : written
}
