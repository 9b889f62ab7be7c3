import { type Estimate, estimate } from './estimate.ts'

/** Values by seed. A seed without a value, such as one whose run failed, has no entry. */
export type BySeed = ReadonlyMap<number, number>

export interface PairedDifference {
  /** `value - baseline` over the seeds that have both; undefined where none has. */
  readonly estimate: Estimate | undefined
  /** Seeds that only one side has, or neither: what the estimate cannot see. */
  readonly unpaired: readonly number[]
}

/** Differences seed by seed: what the seeds have in common, such as the order of the data, cancels out. */
export function pairedDifference(values: BySeed, baseline: BySeed, seeds: readonly number[]): PairedDifference {
  const differences: number[] = []
  const unpaired: number[] = []
  for (const seed of seeds) {
    const difference = (values.get(seed) ?? Number.NaN) - (baseline.get(seed) ?? Number.NaN)
    if (Number.isFinite(difference)) differences.push(difference)
    else unpaired.push(seed)
  }
  return { estimate: estimate(differences), unpaired }
}

/** What a difference of losses says about an arm. `inconclusive` is an answer: these seeds cannot tell. */
export type Verdict = 'non-inferior' | 'inferior' | 'inconclusive'

/**
 * Non-inferior: the whole 95% interval of the difference lies below the margin; inferior: the whole of it lies above.
 * A seed that is missing on either side makes non-inferiority inconclusive, since the runs that fail are rarely the best.
 * @param margin in the unit of the difference, > 0, declared before the runs
 */
export function verdict({ estimate, unpaired }: PairedDifference, margin: number): Verdict {
  if (!estimate?.interval) return 'inconclusive'
  if (estimate.interval.low > margin) return 'inferior'
  return estimate.interval.high < margin && unpaired.length === 0 ? 'non-inferior' : 'inconclusive'
}
