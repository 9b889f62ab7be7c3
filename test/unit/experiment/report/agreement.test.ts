import test from 'ava'
import type { CellRecord } from '../../../../src/experiment/cell-record.ts'
import { runMixingCell } from '../../../../src/experiment/cells/mixing-cell.ts'
import { agreementOf, meanRounds, mixesAlone } from '../../../../src/experiment/report/agreement.ts'
import { agreementAcross } from '../../../../src/experiment/report/agreement-tables.ts'
import { analyse } from '../../../../src/experiment/report/analysis.ts'
import type { ReportSpecification } from '../../../../src/experiment/report/report-specification.ts'
import { renderReport, renderSummaryTable } from '../../../../src/experiment/report/write-report.ts'
import { syntheticCells } from '../../../support/synthetic-cells.ts'
import { malformation } from '../../../support/well-formed.ts'

const specification: ReportSpecification = {
  name: 'mixing',
  text: 'name: mixing\n',
  arms: ['pairs', 'ring'],
  baseline: 'pairs',
  seeds: [1, 2],
}

/** A cell whose distance is what is given after each round. */
function cell(arm: string, seed: number, left: readonly number[], failures = '0%'): CellRecord {
  const outcome = runMixingCell({
    peers: 4,
    mixing: { topology: 'ring', rounds: left.length, width: 1, failures: 0 },
    seed,
  })
  const samples = outcome.samples.map((sample, round) => {
    const relativeConsensusDistance = round === 0 ? 1 : left[round - 1]!
    return { ...sample, consensusDistance: 8 * relativeConsensusDistance, relativeConsensusDistance }
  })
  return {
    ...outcome,
    samples,
    format: 1,
    experiment: 'mixing',
    arm,
    seed,
    conditions: { failures },
    summary: { ...outcome.summary, wallSeconds: 1 },
    versions: { murmur: '0.1.0' },
  }
}

const powers = (factor: number, rounds: number) => Array.from({ length: rounds }, (_, i) => factor ** (i + 1))

const records = [
  cell('pairs', 1, powers(0.1, 12)),
  cell('pairs', 2, powers(0.01, 12)),
  cell('ring', 1, powers(0.5, 12)),
  cell('ring', 2, powers(0.5, 12)),
  cell('pairs', 1, powers(0.2, 12), '20%'),
  cell('pairs', 2, powers(0.2, 15), '20%'),
]

test('rounds to agreement are the first that leaves less than a billionth, censored where there is none', t => {
  const [first, last] = analyse(specification, records).groups
  const [pairs, ring] = first!.arms.map(agreementOf)
  t.deepEqual(
    [...pairs!.rounds.values()],
    [
      { value: 10, censored: false },
      { value: 5, censored: false },
    ],
  )
  t.deepEqual(meanRounds(pairs!), { value: 7.5, censored: false })
  t.deepEqual(meanRounds(ring!), { value: 12, censored: true })
  t.deepEqual(meanRounds(agreementOf(last!.arms[0]!)), { value: 12.5, censored: true })
  t.is(meanRounds(agreementOf(last!.arms[1]!)), undefined)
})

test('what a round leaves is measured until agreement, and is nought for what agrees at once', t => {
  const analysis = analyse(specification, [
    cell('pairs', 1, [...powers(0.1, 8), 1e-30, 1e-31]),
    cell('ring', 1, [1e-30, 1e-31]),
  ])
  const [pairs, ring] = analysis.groups[0]!.arms.map(agreementOf)
  t.true(Math.abs(pairs!.contraction!.mean - 0.1) < 1e-12)
  t.is(ring!.contraction!.mean, 0)
  t.deepEqual(meanRounds(ring!), { value: 1, censored: false })
})

test('arms are set side by side across failures, with what the most of them cost', t => {
  const table = agreementAcross(analyse(specification, records))!
  t.deepEqual(table.titles, ['arm', '0%', '20%', 'more at 20% than at 0%', 'the same by what a round leaves'])
  t.deepEqual(
    table.rows.map(row => row.cells),
    [
      ['7.5', '> 12.5', '> 66.7%', `${(100 * (Math.log(0.055) / Math.log(0.2) - 1)).toFixed(1)}%`],
      ['> 12.0', 'not run', '–', '–'],
    ],
  )
})

test('a report of mixing alone tells of rounds and of no losses, and is well-formed', t => {
  const files = renderReport({ specification, records })
  const page = files.get('report.html')!
  t.deepEqual([...files.keys()].filter(name => name.endsWith('.svg')).toSorted(), [
    'figures/across-rounds-to-agreement.svg',
    'figures/failures-0-consensus-distance.svg',
    'figures/failures-20-consensus-distance.svg',
  ])
  t.regex(page, /left by a round/)
  t.notRegex(page, /NaN|Losses are|tokens<|nats|idle|virtual/)
  for (const [name, content] of files) {
    if (name.endsWith('.svg')) t.is(malformation(content), undefined, name)
  }
  t.true(renderSummaryTable({ specification, records }).titles.includes('left by a round'))
  const summary = files
    .get('summary.csv')!
    .split('\n')
    .map(line => line.split(','))
  const column = summary[0]!.indexOf('roundsToAgreement')
  t.is(summary[1]![column], '7.5')
})

test('experiments that train are no mixing', t => {
  t.true(analyse(specification, records).groups.every(mixesAlone))
  const trained = analyse({ ...specification, arms: [] }, syntheticCells())
  t.false(trained.groups.some(mixesAlone))
  t.is(agreementAcross(trained), undefined)
  t.false(mixesAlone({ arms: [] }))
})
