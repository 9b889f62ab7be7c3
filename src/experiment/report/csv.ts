import type { CellRecord } from '../cell-record.ts'
import type { Estimate } from '../statistics/estimate.ts'
import { agreementOf, meanRounds, mixesAlone } from './agreement.ts'
import type { Analysis } from './analysis.ts'
import { type ArmResult, censoredMedian } from './arm-result.ts'
import { currencies } from './comparison.ts'

type Value = string | number | undefined

/** Every sample of every cell, a row each. A cell without samples has a row that says so by its empty columns. */
export function recordsCsv({ records }: Analysis): string {
  const conditions = [...new Set(records.flatMap(record => Object.keys(record.conditions)))].sort()
  const titles = ['experiment', 'arm', 'seed', ...conditions, 'status', 'reason', 'sample', ...sampleKeys]
  return csv([titles, ...records.flatMap(record => rowsOf(record, conditions))])
}

const sampleKeys = [
  'tokens',
  'time',
  'bytes',
  'lossMean',
  'lossOfPeersMean',
  'lossOfWorstPeer',
  'consensusDistance',
  'relativeConsensusDistance',
] as const satisfies readonly (keyof CellRecord['samples'][number])[]

function rowsOf(record: CellRecord, conditions: readonly string[]): Value[][] {
  const { experiment, arm, seed, status, reason, samples } = record
  const cell = [experiment, arm, seed, ...conditions.map(name => record.conditions[name]), status, reason]
  if (samples.length === 0) return [[...cell, undefined, ...sampleKeys.map(() => undefined)]]
  return samples.map((sample, i) => [...cell, i, ...sampleKeys.map(key => sample[key])])
}

/** Every arm under every set of conditions: means, intervals, comparisons. */
export function summaryCsv({ groups, varying }: Analysis): string {
  const rows = groups.flatMap(group => {
    const { conditions, arms, comparisons } = group
    const mixing = mixesAlone(group)
    return arms.map((arm): Record<string, Value> => {
      const comparison = comparisons.find(other => other.arm === arm)
      return {
        ...Object.fromEntries(varying.map(name => [name, conditions[name]])),
        arm: arm.name,
        planned: arm.runs.planned,
        finished: arm.runs.finished,
        censored: arm.runs.censored,
        failed: arm.runs.failed,
        ...estimated('loss', arm.loss),
        ...estimated('lossOfPeersMean', arm.lossOfPeersMean),
        ...estimated('lossOfWorstPeer', arm.lossOfWorstPeer),
        ...estimated('relativeConsensusDistance', arm.relativeConsensusDistance),
        ...(mixing && agreement(arm)),
        ...estimated('idleShare', arm.idleShare),
        ...estimated('bytesPerPeerPerStep', arm.bytesPerPeerPerStep),
        ...estimated('bytesPerToken', arm.bytesPerToken),
        exchangesTried: arm.exchanges.tried,
        exchangesOk: arm.exchanges.ok,
        stalenessMedian: arm.stalenessQuantiles?.p50,
        staleness95: arm.stalenessQuantiles?.p95,
        stalenessMax: arm.stalenessQuantiles?.max,
        ...merged(
          currencies.map(currency => {
            const found = censoredMedian(arm.toTarget[currency].values())
            return {
              [`${currency}ToTarget`]: found?.value,
              [`${currency}ToTargetCensored`]: found && String(found.censored),
            }
          }),
        ),
        ...merged(
          currencies.map(currency => {
            const difference = comparison?.differences[currency]
            return {
              [`equal_${currency}`]: difference?.level,
              ...estimated(`difference_${currency}`, difference?.estimate),
              [`verdict_${currency}`]: difference?.verdict,
            }
          }),
        ),
        ...merged(
          ratioNames.map(name => {
            const ratio = comparison?.ratios[name]
            return {
              ...estimated(name, ratio?.kind === 'exact' ? ratio : undefined),
              ...(ratio && ratio.kind !== 'unknown' ? { [name]: ratio.mean } : {}),
              [`${name}Kind`]: ratio?.kind,
            }
          }),
        ),
      }
    })
  })
  const titles = [...new Set(rows.flatMap(row => Object.keys(row)))]
  return csv([titles, ...rows.map(row => titles.map(title => row[title]))])
}

function agreement(arm: ArmResult): Record<string, Value> {
  const found = agreementOf(arm)
  const rounds = meanRounds(found)
  return {
    roundsToAgreement: rounds?.value,
    roundsToAgreementCensored: rounds && String(rounds.censored),
    ...estimated('contraction', found.contraction),
  }
}

const ratioNames = [
  'timeToTarget',
  'tokensToTarget',
  'bytesToTarget',
  'timeAtEqualTokens',
  'bytesAtEqualTokens',
] as const

function merged(parts: readonly Record<string, Value>[]): Record<string, Value> {
  return Object.assign({}, ...parts)
}

function estimated(name: string, estimate: Estimate | undefined): Record<string, Value> {
  return {
    [name]: estimate?.mean,
    [`${name}Low`]: estimate?.interval?.low,
    [`${name}High`]: estimate?.interval?.high,
    [`${name}Count`]: estimate?.count,
  }
}

/** RFC 4180, with newlines alone. What is not finite is empty. */
function csv(rows: readonly (readonly Value[])[]): string {
  return rows.map(row => `${row.map(field).join(',')}\n`).join('')
}

function field(value: Value): string {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return ''
  const written = String(value)
  return /[",\n\r]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written
}
