import type { CellRecord, Conditions } from '../cell-record.ts'
import { type ArmResult, summarizeArm } from './arm-result.ts'
import { type Comparison, compareArms } from './comparison.ts'
import { groupByConditions } from './condition-groups.ts'
import type { ReportSpecification } from './report-specification.ts'

/** What an experiment's records add up to: what report and terminal show. */
export interface Analysis {
  readonly specification: ReportSpecification
  /** In the order of conditions, arms and seeds. */
  readonly records: readonly CellRecord[]
  readonly common: Conditions
  /** Names of the conditions in which groups differ. */
  readonly varying: readonly string[]
  readonly groups: readonly GroupResult[]
}

export interface GroupResult {
  /** What sets this group apart; empty if there is but one. */
  readonly label: string
  readonly conditions: Conditions
  readonly arms: readonly ArmResult[]
  readonly comparisons: readonly Comparison[]
}

/**
 * The same analysis, whatever the order of the records.
 * @throws RangeError if the margin is not above 0
 */
export function analyse(specification: ReportSpecification, records: readonly CellRecord[]): Analysis {
  const { margin } = specification
  if (margin !== undefined && !(margin > 0)) throw new RangeError(`Expected \`margin\` to be > 0, got ${margin}`)
  const names = [...new Set([...specification.arms, ...records.map(record => record.arm).toSorted()])]
  const { common, varying, groups } = groupByConditions(records)
  const results = groups.map(({ label, conditions, records: own }): GroupResult => {
    const arms = names.map((name, index) => summarizeArm({ name, index, seeds: specification.seeds }, own))
    return { label, conditions, arms, comparisons: compareArms(specification, arms) }
  })
  const inOrder = groups.flatMap(group =>
    group.records.toSorted((a, b) => names.indexOf(a.arm) - names.indexOf(b.arm) || a.seed - b.seed),
  )
  return { specification, records: inOrder, common, varying, groups: results }
}
