/** From the values of an axis to pixels, and the values to mark on it. */
export interface Scale {
  readonly kind: ScaleKind
  readonly domain: Domain
  /** Values out of the domain land out of the range; those a logarithm cannot take are NaN. */
  position(value: number): number
  readonly ticks: readonly number[]
}

export type ScaleKind = 'linear' | 'log' | 'symlog'
export type Domain = readonly [low: number, high: number]

export interface ScaleInit {
  domain: Domain
  /** Pixels; may run backwards, as y does. */
  range: Domain
  /** Most ticks that have room. Must be >= 2. */
  ticks: number
}

/** Ticks at 1, 2 or 5 times a power of ten, in units of `unit`; the domain stays as it is. */
export function linearScale({ domain, range, ticks }: ScaleInit, unit = 1): Scale {
  const [low, high] = widened(domain)
  return scale(
    'linear',
    [low, high],
    range,
    value => value,
    linearTicks([low / unit, high / unit], ticks).map(tick => tick * unit),
  )
}

/** Ticks at powers of ten; where fewer than two fit, at 1, 2 and 5 times them, and else at round values. In units of `unit`. */
export function logScale({ domain, range, ticks }: ScaleInit, unit = 1): Scale {
  if (!(domain[0] > 0)) throw new RangeError(`Expected a logarithmic axis to begin above 0, got ${domain[0]}`)
  const [low, high] = domain[0] < domain[1] ? domain : ([domain[0] / 2, domain[0] * 2] as const)
  return scale(
    'log',
    [low, high],
    range,
    Math.log10,
    logTicks([low / unit, high / unit], ticks).map(tick => tick * unit),
  )
}

/**
 * Linear within about `threshold` of zero and logarithmic beyond, on both sides: shows a margin of 0.01 and a difference
 * of 2 in one figure. Webber, A bi-symmetric log transformation (2013).
 */
export function symlogScale({ domain, range, ticks }: ScaleInit, threshold: number): Scale {
  const [low, high] = widened(domain)
  const transform = (value: number) => Math.sign(value) * Math.log10(1 + Math.abs(value / threshold))
  const drawn = scale('symlog', [low, high], range, transform, [])
  const powers = (end: number) => (end >= threshold ? logTicks([threshold, end], Number.POSITIVE_INFINITY, true) : [])
  const outward = [
    0,
    ...[...powers(high), ...powers(-low).map(value => -value)].toSorted((a, b) => Math.abs(b) - Math.abs(a)),
  ]
  const spacing = Math.abs(range[1] - range[0]) / (ticks + 1)
  const marks: number[] = []
  // Nought and the outermost powers first; what lies between them, where there is room.
  for (const value of outward) {
    const near = marks.some(mark => Math.abs(drawn.position(mark) - drawn.position(value)) < spacing)
    if (!near) marks.push(value)
  }
  return { ...drawn, ticks: marks.toSorted((a, b) => a - b) }
}

function scale(
  kind: ScaleKind,
  domain: Domain,
  [start, end]: Domain,
  transform: (value: number) => number,
  ticks: readonly number[],
): Scale {
  const low = transform(domain[0])
  const span = transform(domain[1]) - low
  return { kind, domain, ticks, position: value => start + ((transform(value) - low) / span) * (end - start) }
}

function widened([low, high]: Domain): Domain {
  if (low < high) return [low, high]
  const room = Math.abs(low) * 0.1 || 1
  return [low - room, low + room]
}

function linearTicks([low, high]: Domain, most: number): number[] {
  let step = 10 ** Math.floor(Math.log10((high - low) / most))
  for (const factor of [2, 2.5, 2]) {
    if (Math.floor(high / step) - Math.ceil(low / step) + 1 <= most) break
    step *= factor
  }
  const ticks: number[] = []
  // Rounded, for 3 * 0.1 is not 0.3.
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)))
  return ticks
}

function logTicks([low, high]: Domain, most: number, powersOnly = false): number[] {
  const powers: number[] = []
  for (let power = Math.ceil(Math.log10(low) - 1e-9); 10 ** power <= high * (1 + 1e-9); power++)
    powers.push(Number(`1e${power}`))
  if (powers.length >= 3 || powersOnly) {
    const every = Math.max(1, Math.ceil(powers.length / most))
    return powers.filter((_, i) => (powers.length - 1 - i) % every === 0)
  }
  const finer: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.floor(Math.log10(high)); power++)
    finer.push(...[1, 2, 5].map(factor => Number(`${factor}e${power}`)))
  const fitting = finer.filter(value => value >= low && value <= high)
  return fitting.length >= 2 && fitting.length <= most ? fitting : linearTicks([low, high], most)
}
