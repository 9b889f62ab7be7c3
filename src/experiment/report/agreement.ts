import type { CellRecord } from '../cell-record.ts'
import { type Estimate, estimate } from '../statistics/estimate.ts'
import type { Censored } from '../statistics/ratio.ts'
import type { GroupResult } from './analysis.ts'
import type { ArmResult } from './arm-result.ts'

/** What is left of the consensus distance when peers count as agreed. */
export const AGREED = 1e-9

/** How fast an arm that only mixes brings its peers together. */
export interface Agreement {
  /** First round after which less than `AGREED` of the distance is left, by seed; censored at the rounds that were made. */
  readonly rounds: ReadonlyMap<number, Censored>
  /** What one round leaves of the distance: geometric mean over the rounds until agreement, then mean over seeds. */
  readonly contraction: Estimate | undefined
}

/** Whether nothing was trained in a group: its cells mix vectors, a round being their second. */
export function mixesAlone({ arms }: Pick<GroupResult, 'arms'>): boolean {
  const cells = arms.flatMap(arm => [...arm.complete.values()])
  return cells.length > 0 && cells.every(({ samples }) => samples.every(isUntrained))
}

function isUntrained({ tokens, lossMean }: CellRecord['samples'][number]): boolean {
  return tokens === 0 && !Number.isFinite(lossMean)
}

export function agreementOf({ complete }: ArmResult): Agreement {
  const cells = [...complete]
  return {
    rounds: new Map(cells.map(([seed, cell]) => [seed, roundsOf(cell)])),
    contraction: estimate(cells.map(([, cell]) => contractionOf(cell))),
  }
}

function roundsOf({ samples }: CellRecord): Censored {
  const reached = samples.find(sample => sample.relativeConsensusDistance < AGREED)
  return { value: (reached ?? samples.at(-1)!).time, censored: reached === undefined }
}

/** What agrees exactly would have any contraction that rounding leaves: what lies beyond agreement is not looked at. */
function contractionOf({ samples }: CellRecord): number {
  const last = samples.findLast(sample => sample.relativeConsensusDistance >= AGREED)
  return last && last.time > 0 ? last.relativeConsensusDistance ** (1 / last.time) : 0
}

/** Mean over seeds; censored if one of them is. Undefined of no seeds. */
export function meanRounds({ rounds }: Agreement): Censored | undefined {
  const all = [...rounds.values()]
  const found = estimate(all.map(({ value }) => value))
  return found && { value: found.mean, censored: all.some(({ censored }) => censored) }
}
