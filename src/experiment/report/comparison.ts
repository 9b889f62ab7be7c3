import type { CellRecord, CellSample, Currency } from '../cell-record.ts'
import { median } from '../statistics/estimate.ts'
import { type PairedDifference, pairedDifference, type Verdict, verdict } from '../statistics/paired.ts'
import { type Censored, pairedRatio, type Ratio } from '../statistics/ratio.ts'
import { commonReach, type Point, valueAt } from '../statistics/series.ts'
import type { ArmResult } from './arm-result.ts'
import type { ReportSpecification } from './report-specification.ts'

/** An arm beside the baseline, under the same conditions and seeds. */
export interface Comparison {
  readonly arm: ArmResult
  /** Loss at equal tokens, time and bytes, less the baseline's. */
  readonly differences: Readonly<Record<Currency, LossDifference>>
  /** How many times less the arm takes than the baseline. */
  readonly ratios: Readonly<Record<RatioName, Ratio>>
}

export interface LossDifference extends PairedDifference {
  /** Where the losses were read: the median over seeds of what all arms reached. Undefined if the arm has none. */
  readonly level: number | undefined
  /** Undefined without a declared margin, or without a seed to judge by. */
  readonly verdict: Verdict | undefined
}

export type RatioName = 'timeToTarget' | 'tokensToTarget' | 'bytesToTarget' | 'timeAtEqualTokens' | 'bytesAtEqualTokens'

export const currencies = ['tokens', 'time', 'bytes'] as const satisfies readonly Currency[]

/** Every arm but the baseline; none if there is no such arm. */
export function compareArms(specification: ReportSpecification, arms: readonly ArmResult[]): Comparison[] {
  const baseline = arms.find(arm => arm.name === specification.baseline)
  if (!baseline) return []
  const levels = byCurrency(currency => reachBySeed(arms, specification.seeds, currency))
  return arms
    .filter(arm => arm !== baseline)
    .map(arm => ({
      arm,
      differences: byCurrency(currency => difference(specification, arm, baseline, levels[currency], currency)),
      ratios: {
        timeToTarget: pairedRatio(baseline.toTarget.time, arm.toTarget.time),
        tokensToTarget: pairedRatio(baseline.toTarget.tokens, arm.toTarget.tokens),
        bytesToTarget: pairedRatio(baseline.toTarget.bytes, arm.toTarget.bytes),
        timeAtEqualTokens: ratioAtEqualTokens(arm, baseline, levels.tokens, sample => sample.time),
        bytesAtEqualTokens: ratioAtEqualTokens(arm, baseline, levels.tokens, sample => sample.bytes),
      },
    }))
}

function byCurrency<T>(make: (currency: Currency) => T): Record<Currency, T> {
  return { tokens: make('tokens'), time: make('time'), bytes: make('bytes') }
}

/** What all arms of a seed spent. An arm that spends nothing at all, as no communication sends no bytes, sets no level. */
function reachBySeed(arms: readonly ArmResult[], seeds: readonly number[], currency: Currency): Map<number, number> {
  const levels = new Map<number, number>()
  for (const seed of new Set([...seeds, ...arms.flatMap(arm => [...arm.complete.keys()])])) {
    const series = arms.flatMap(arm => {
      const cell = arm.complete.get(seed)
      return cell && cell.samples.at(-1)![currency] > 0 ? [lossSeries(cell, currency)] : []
    })
    const level = commonReach(series)
    if (level !== undefined) levels.set(seed, level)
  }
  return levels
}

function difference(
  { seeds, margin }: ReportSpecification,
  arm: ArmResult,
  baseline: ArmResult,
  levels: ReadonlyMap<number, number>,
  currency: Currency,
): LossDifference {
  const loss = (cell: CellRecord) => lossSeries(cell, currency)
  const values = readAt(arm, levels, loss)
  const paired = pairedDifference(values, readAt(baseline, levels, loss), seeds)
  const used = [...values.keys()].map(seed => levels.get(seed)!)
  return {
    ...paired,
    level: median(used),
    verdict: margin === undefined || !paired.estimate ? undefined : verdict(paired, margin),
  }
}

function ratioAtEqualTokens(
  arm: ArmResult,
  baseline: ArmResult,
  levels: ReadonlyMap<number, number>,
  pick: (sample: CellSample) => number,
): Ratio {
  const spent = (of: ArmResult) => {
    const values = readAt(of, levels, cell => cell.samples.map(sample => ({ x: sample.tokens, y: pick(sample) })))
    return new Map([...values].map(([seed, value]): [number, Censored] => [seed, { value, censored: false }]))
  }
  return pairedRatio(spent(baseline), spent(arm))
}

function readAt(
  arm: ArmResult,
  levels: ReadonlyMap<number, number>,
  series: (cell: CellRecord) => readonly Point[],
): Map<number, number> {
  const values = new Map<number, number>()
  for (const [seed, cell] of arm.complete) {
    const level = levels.get(seed)
    const value = level === undefined ? undefined : valueAt(series(cell), level)
    if (value !== undefined) values.set(seed, value)
  }
  return values
}

function lossSeries(cell: CellRecord, currency: Currency): Point[] {
  return cell.samples.map(sample => ({ x: sample[currency], y: sample.lossMean }))
}
