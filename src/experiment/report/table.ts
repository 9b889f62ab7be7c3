import type { ArmResult } from './arm-result.ts'
import type { Comparison } from './comparison.ts'

export interface Table {
  readonly caption: string
  /** The first column names the arm. */
  readonly titles: readonly string[]
  readonly rows: readonly TableRow[]
}

interface TableRow {
  readonly arm: ArmResult
  readonly cells: readonly string[]
}

export interface Column {
  readonly title: string
  readonly cell: (arm: ArmResult, comparison: Comparison | undefined) => string
}
