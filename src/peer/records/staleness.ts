/** Counts of whole numbers of steps, exact to 1023; everything above shares the last count. Bounded. */
export interface StalenessCounts {
  readonly counts: readonly number[]
  readonly total: number
  /** Exact, even above the last count. */
  readonly max: number
}

const LAST = 1024

export const noStaleness: StalenessCounts = { counts: [], total: 0, max: 0 }

export function countStaleness(state: StalenessCounts, steps: number): StalenessCounts {
  if (!Number.isFinite(steps)) return state
  const bin = Math.min(LAST, Math.max(0, Math.round(steps)))
  const counts = state.counts.slice()
  while (counts.length <= bin) counts.push(0)
  counts[bin]!++
  return { counts, total: state.total + 1, max: Math.max(state.max, steps) }
}

export function mergeStaleness(states: readonly StalenessCounts[]): StalenessCounts {
  const counts: number[] = []
  for (const state of states) {
    for (const [bin, n] of state.counts.entries()) counts[bin] = (counts[bin] ?? 0) + n
  }
  return {
    counts,
    total: states.reduce((sum, state) => sum + state.total, 0),
    max: Math.max(0, ...states.map(state => state.max)),
  }
}

export interface StalenessQuantiles {
  p50: number
  p95: number
  max: number
}

/** Nearest-rank quantiles, in local steps. All 0 when nothing was counted. */
export function stalenessQuantiles(state: StalenessCounts): StalenessQuantiles {
  return { p50: quantile(state, 0.5), p95: quantile(state, 0.95), max: state.max }
}

function quantile(state: StalenessCounts, fraction: number): number {
  const rank = Math.ceil(fraction * state.total)
  let seen = 0
  for (let bin = 0; bin < state.counts.length; bin++) {
    seen += state.counts[bin]!
    if (rank > 0 && seen >= rank) return bin === LAST ? state.max : bin
  }
  return 0
}
