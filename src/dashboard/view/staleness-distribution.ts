import { type StalenessCounts, stalenessQuantiles } from '../../peer/records/staleness.ts'
import type { StalenessDistribution } from '../api/state.ts'

const MAX_BINS = 32

/** A histogram of at most 32 bins of equal width, the first from 0 on. Pure. */
export function stalenessDistribution(state: StalenessCounts): StalenessDistribution {
  const { counts } = state
  const width = Math.max(1, Math.ceil(counts.length / MAX_BINS))
  const bins = Array.from({ length: Math.ceil(counts.length / width) }, (_, i) => ({
    from: i * width,
    to: i * width + width - 1,
    count: counts.slice(i * width, (i + 1) * width).reduce((sum, n) => sum + n, 0),
  }))
  return { ...stalenessQuantiles(state), bins }
}
