import type { Grouping } from './mixing.ts'

/** Everybody averages with everybody, as all-reduce computes it: exact after one round, if not a single peer fails. */
export function complete(n: number): Grouping {
  return { groups: n > 1 ? [Array.from({ length: n }, (_, rank) => rank)] : [], indivisible: true }
}
