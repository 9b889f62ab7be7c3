import type { CellRecord, Conditions } from '../cell-record.ts'

/** The cells that ran under the same conditions: arms are compared within a group only. */
interface ConditionGroup {
  /** The conditions in which the groups differ, "churn 10%, peers 64"; empty if there is but one group. */
  readonly label: string
  readonly conditions: Conditions
  readonly records: readonly CellRecord[]
}

export interface GroupedRecords {
  /** Conditions that all cells share. */
  readonly common: Conditions
  /** Names of those that vary. */
  readonly varying: readonly string[]
  /** In the order of their conditions, whatever that of the records. */
  readonly groups: readonly ConditionGroup[]
}

const natural = new Intl.Collator('en', { numeric: true })

export function groupByConditions(records: readonly CellRecord[]): GroupedRecords {
  const names = [...new Set(records.flatMap(record => Object.keys(record.conditions)))].sort(natural.compare)
  const valuesOf = (name: string) => new Set(records.map(record => record.conditions[name]))
  const varying = names.filter(name => valuesOf(name).size > 1)
  const groups = Map.groupBy(records, ({ conditions }) => JSON.stringify(names.map(name => conditions[name] ?? null)))
  return {
    common: pick(records[0]?.conditions ?? {}, name => !varying.includes(name)),
    varying,
    groups: [...groups.entries()]
      .sort(([a], [b]) => natural.compare(a, b))
      .map(([, group]) => ({
        label: describeConditions(pick(group[0]!.conditions, name => varying.includes(name))),
        conditions: group[0]!.conditions,
        records: group,
      })),
  }
}

/** "churn 10%, links wan" */
export function describeConditions(conditions: Conditions): string {
  return Object.entries(conditions)
    .sort(([a], [b]) => natural.compare(a, b))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

function pick(conditions: Conditions, wanted: (name: string) => boolean): Conditions {
  return Object.fromEntries(Object.entries(conditions).filter(([name]) => wanted(name)))
}
