/** How numbers become sizes and colours. */

/** Levels of colour: few enough that every look of a node is drawn once and then copied. */
export const LEVELS = 16

/** No value: drawn hollow. */
export const UNKNOWN = -1

export interface Domain {
  readonly low: number
  readonly high: number
}

/** The least and the greatest finite value; undefined where there is none. */
export function domainOf(values: Iterable<number | null>): Domain | undefined {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return low <= high ? { low, high } : undefined
}

/** The colour level of a value; one in the middle where all values are the same; UNKNOWN where there is no number. */
export function levelOf(value: number | null, domain: Domain | undefined): number {
  if (value === null || Number.isNaN(value) || !domain) return UNKNOWN
  if (domain.high === domain.low) return LEVELS >> 1
  const share = (value - domain.low) / (domain.high - domain.low)
  return Math.round(Math.min(1, Math.max(0, share)) * (LEVELS - 1))
}

/** Radius in pixels at scale 1: the disc's area grows with throughput. */
export function radiusOf(throughput: number | null, greatest: number): number {
  const share = throughput === null || greatest <= 0 ? 0 : Math.min(1, Math.max(0, throughput / greatest))
  return Math.sqrt(MIN_RADIUS ** 2 + share * (MAX_RADIUS ** 2 - MIN_RADIUS ** 2))
}

const MIN_RADIUS = 8
export const MAX_RADIUS = 17

/** How much nodes shrink and grow with the view: less than the distances between them. */
export function nodeScale(scale: number): number {
  return Math.min(1.8, Math.max(0.24, scale ** 0.72))
}

/** The colour of each level: between the stops of a ramp, written `rgb(1, 2, 3)`, in equal steps. */
export function rampColours(stops: readonly string[]): string[] {
  const rgb = stops.map(stop => (stop.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number))
  return Array.from({ length: LEVELS }, (_, level) => {
    const at = (level / (LEVELS - 1)) * (rgb.length - 1)
    const i = Math.min(rgb.length - 2, Math.floor(at))
    const mixed = rgb[i]!.map((from, channel) => Math.round(from + ((rgb[i + 1]?.[channel] ?? from) - from) * (at - i)))
    return `rgb(${mixed.join(' ')})`
  })
}
