import {
  mergeStaleness,
  noStaleness,
  type StalenessCounts,
  type StalenessQuantiles,
  stalenessQuantiles,
} from '../../peer/records/staleness.ts'
import type { CellRecord, CellSample, CellSummary, Currency } from '../cell-record.ts'
import { NOTHING } from '../figure/format.ts'
import { type Estimate, estimate, median } from '../statistics/estimate.ts'
import type { Censored } from '../statistics/ratio.ts'

/** All cells of one arm under one set of conditions. */
export interface ArmResult {
  readonly name: string
  /** Its place among the arms: chooses its colour, dash and marker. */
  readonly index: number
  readonly runs: Runs
  /** Cells that ran to the end of their budget, by seed. Final values and costs are means over these. */
  readonly complete: ReadonlyMap<number, CellRecord>
  readonly failed: readonly CellRecord[]
  /** Of the averaged model at the end, in nats per token. */
  readonly loss: Estimate | undefined
  readonly lossOfPeersMean: Estimate | undefined
  readonly lossOfWorstPeer: Estimate | undefined
  readonly relativeConsensusDistance: Estimate | undefined
  readonly idleShare: Estimate | undefined
  readonly bytesPerPeerPerStep: Estimate | undefined
  readonly bytesPerToken: Estimate | undefined
  readonly staleness: StalenessCounts
  /** Undefined if nothing was counted. */
  readonly stalenessQuantiles: StalenessQuantiles | undefined
  readonly exchanges: ExchangeTotals
  /** What it took to reach the target loss, by seed; a run that ended before is censored where it ended. */
  readonly toTarget: Readonly<Record<Currency, ReadonlyMap<number, Censored>>>
}

interface Runs {
  readonly planned: number
  readonly finished: number
  readonly censored: number
  readonly failed: number
  /** Not run yet. */
  readonly missing: number
}

interface ExchangeTotals {
  readonly tried: number
  readonly ok: number
  readonly failed: Readonly<Record<string, number>>
}

export interface ArmInit {
  name: string
  index: number
  seeds: readonly number[]
}

export function summarizeArm({ name, index, seeds }: ArmInit, records: readonly CellRecord[]): ArmResult {
  const own = records.filter(record => record.arm === name).toSorted((a, b) => a.seed - b.seed)
  const cells = own.filter(record => record.status !== 'failed')
  const final = (pick: (sample: CellSample) => number) => finiteEstimate(cells.map(cell => pick(cell.samples.at(-1)!)))
  const summary = (pick: (summary: CellSummary) => number) => finiteEstimate(cells.map(cell => pick(cell.summary)))
  const staleness = cells.length > 0 ? mergeStaleness(cells.map(cell => cell.summary.staleness)) : noStaleness
  return {
    name,
    index,
    runs: countRuns(own, seeds),
    complete: new Map(cells.map(cell => [cell.seed, cell])),
    failed: own.filter(record => record.status === 'failed'),
    loss: final(sample => sample.lossMean),
    lossOfPeersMean: final(sample => sample.lossOfPeersMean),
    lossOfWorstPeer: final(sample => sample.lossOfWorstPeer),
    relativeConsensusDistance: final(sample => sample.relativeConsensusDistance),
    idleShare: summary(cell => cell.idleShare),
    bytesPerPeerPerStep: summary(cell => cell.bytesPerPeerPerStep),
    bytesPerToken: summary(cell => cell.bytesPerToken),
    staleness,
    stalenessQuantiles: staleness.total > 0 ? stalenessQuantiles(staleness) : undefined,
    exchanges: sumExchanges(cells),
    toTarget: { tokens: toTarget(own, 'tokens'), time: toTarget(own, 'time'), bytes: toTarget(own, 'bytes') },
  }
}

function finiteEstimate(values: readonly number[]): Estimate | undefined {
  return estimate(values.filter(Number.isFinite))
}

function countRuns(own: readonly CellRecord[], seeds: readonly number[]): Runs {
  const of = (status: CellRecord['status']) => own.filter(record => record.status === status).length
  const present = new Set(own.map(record => record.seed))
  const missing = seeds.filter(seed => !present.has(seed)).length
  return {
    planned: own.length + missing,
    finished: of('finished'),
    censored: of('censored'),
    failed: of('failed'),
    missing,
  }
}

function sumExchanges(cells: readonly CellRecord[]): ExchangeTotals {
  const failed: Record<string, number> = {}
  let tried = 0
  let ok = 0
  for (const { exchanges } of cells.map(cell => cell.summary)) {
    tried += exchanges.tried
    ok += exchanges.ok
    for (const [reason, times] of Object.entries(exchanges.failed)) failed[reason] = (failed[reason] ?? 0) + times
  }
  return { tried, ok, failed }
}

/** A run that failed is censored too: all that is known is that it had not got there when it ended. */
function toTarget(own: readonly CellRecord[], currency: Currency): Map<number, Censored> {
  const entries = own.flatMap(({ seed, samples, summary }): [number, Censored][] => {
    if (!summary.target) return []
    const reached = summary.target.reached?.[currency]
    return [[seed, { value: reached ?? samples.at(-1)?.[currency] ?? 0, censored: reached === undefined }]]
  })
  return new Map(entries)
}

/** Why an arm has no value. */
export function describeAbsence({ complete, failed }: ArmResult): string {
  if (complete.size > 0) return NOTHING
  return failed.length > 0 ? 'failed' : 'not run'
}

/**
 * The median over seeds. A censored run may have taken anything above what it was seen to take: where that matters to the
 * median, it is censored at the least it can be. Undefined of no runs.
 */
export function censoredMedian(values: Iterable<Censored>): Censored | undefined {
  const all = [...values]
  const least = median(all.map(({ value }) => value))
  const most = median(all.map(({ value, censored }) => (censored ? Number.POSITIVE_INFINITY : value)))
  return least === undefined ? undefined : { value: least, censored: least !== most }
}
