/** How numbers are written on the page. What is unknown is a dash. */

const NONE = '–'

type Maybe = number | null | undefined

function isNumber(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value)
}

/** 950, 12.3k, 4.56M */
export function count(value: Maybe): string {
  if (!isNumber(value)) return NONE
  if (Math.abs(value) < 1000) return String(Math.round(value))
  const [scaled, unit] =
    Math.abs(value) < 999_500 ? [value / 1e3, 'k'] : Math.abs(value) < 999.5e6 ? [value / 1e6, 'M'] : [value / 1e9, 'G']
  return `${scaled.toPrecision(3)}${unit}`
}

/** With all its digits and a mark between thousands. */
export function whole(value: Maybe): string {
  return isNumber(value) ? Math.round(value).toLocaleString('en') : NONE
}

export function bytes(value: Maybe): string {
  if (!isNumber(value)) return NONE
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let scaled = value
  let unit = 0
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(scaled) : scaled.toPrecision(3)} ${units[unit]}`
}

export function loss(value: Maybe): string {
  return isNumber(value) ? value.toFixed(3) : NONE
}

/** Three significant digits: for quantities of any size. */
export function quantity(value: Maybe): string {
  if (!isNumber(value)) return NONE
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1)
  return Math.abs(value) >= 1000 ? count(value) : String(Number(value.toPrecision(3)))
}

export function percent(share: Maybe): string {
  if (!isNumber(share)) return NONE
  return `${share > 0.9 && share < 1 ? (Math.floor(share * 1000) / 10).toFixed(1) : Math.round(share * 100)}%`
}

/** 12 ms, 1.3 s, 2 min 5 s, 3 h 2 min */
export function duration(ms: Maybe): string {
  if (!isNumber(ms)) return NONE
  if (ms < 999.5) return `${ms < 10 ? Number(ms.toPrecision(2)) : Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 59.95) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Wall-clock time in the reader's zone: 14:03:59 */
export function clock(time: Maybe): string {
  return isNumber(time) ? new Date(time).toLocaleTimeString('en-GB') : NONE
}

/** How long before a moment: "3.0 s ago", "now". */
export function ago(time: number, now: number): string {
  return now - time < 1000 ? 'now' : `${duration(now - time)} ago`
}

export function plural(n: number, noun: string, several = `${noun}s`): string {
  return `${whole(n)} ${n === 1 ? noun : several}`
}
