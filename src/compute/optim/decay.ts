import type { ParameterLayout } from '../../core/layout.ts'

/** Part of a parameter vector that decays, or does not, as one. */
export interface DecayRange {
  start: number
  end: number
  decays: boolean
}

/** Matrices decay, gains of norms and biases do not. */
export const decays = (shape: readonly number[]): boolean => shape.length >= 2

/**
 * Weight decay is for matrices: gains of norms and biases, which have one dimension, keep their scale (as GPT-2's and
 * nanoGPT's training do). Neighbours that are treated alike share a range.
 */
export function decayRanges(layout: ParameterLayout): DecayRange[] {
  const ranges: DecayRange[] = []
  for (const { offset, length, shape, statistic = false } of layout.tensors) {
    const decayed = decays(shape) && !statistic
    const last = ranges.at(-1)
    if (last?.decays === decayed) last.end = offset + length
    else ranges.push({ start: offset, end: offset + length, decays: decayed })
  }
  return ranges
}
