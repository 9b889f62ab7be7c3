import { type Estimate, estimate } from './estimate.ts'

/** A measurement, or what it is known to exceed because the run ended first. */
export interface Censored {
  readonly value: number
  /** The true value is greater than `value`. */
  readonly censored: boolean
}

/** A geometric mean of ratios over seeds, or the side on which it is known to lie. */
export type Ratio =
  | ({ readonly kind: 'exact' } & Estimate)
  | { readonly kind: 'at-least' | 'at-most'; readonly count: number; readonly mean: number }
  | { readonly kind: 'unknown' }

/**
 * The geometric mean of `numerator / denominator` over the seeds that have both, with a 95% interval on the logarithm.
 * A censored numerator makes it a lower bound, a censored denominator an upper one; where both kinds occur, or a seed has
 * both sides censored, or something is zero, nothing is known.
 */
export function pairedRatio(
  numerators: ReadonlyMap<number, Censored>,
  denominators: ReadonlyMap<number, Censored>,
): Ratio {
  const logarithms: number[] = []
  let above = false
  let below = false
  for (const [seed, numerator] of numerators) {
    const denominator = denominators.get(seed)
    if (!denominator) continue
    logarithms.push(Math.log(numerator.value / denominator.value))
    above ||= numerator.censored
    below ||= denominator.censored
  }
  const mean = estimate(logarithms)
  if (!mean || !Number.isFinite(mean.mean) || (above && below)) return { kind: 'unknown' }
  const { count, interval } = mean
  if (above || below) return { kind: above ? 'at-least' : 'at-most', count, mean: Math.exp(mean.mean) }
  return {
    kind: 'exact',
    count,
    mean: Math.exp(mean.mean),
    interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
  }
}
