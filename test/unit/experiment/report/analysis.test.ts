import test from 'ava'
import type { CellRecord } from '../../../../src/experiment/cell-record.ts'
import { binCounts, binWidth } from '../../../../src/experiment/figure/histogram.ts'
import { analyse } from '../../../../src/experiment/report/analysis.ts'
import { censoredMedian } from '../../../../src/experiment/report/arm-result.ts'
import { meanCurve } from '../../../../src/experiment/report/mean-curve.ts'
import type { ReportSpecification } from '../../../../src/experiment/report/report-specification.ts'

const specification: ReportSpecification = {
  name: 'exact',
  text: '',
  arms: ['sync', 'gossip'],
  baseline: 'sync',
  seeds: [1, 2],
  margin: 0.01,
  target: 3,
}

interface CellInit {
  arm: string
  seed: number
  /** Spent at the end, after two equal stretches. */
  tokens?: number
  time?: number
  bytes?: number
  losses: readonly [number, number, number]
  status?: CellRecord['status']
  conditions?: CellRecord['conditions']
}

function cell({
  arm,
  seed,
  losses,
  status = 'finished',
  conditions = {},
  tokens = 200,
  time = 20,
  bytes = 2000,
}: CellInit): CellRecord {
  const samples = losses.map((lossMean, i) => ({
    tokens: (tokens * i) / 2,
    time: (time * i) / 2,
    bytes: (bytes * i) / 2,
    lossMean,
    lossOfPeersMean: lossMean + 0.5,
    lossOfWorstPeer: lossMean + 1,
    consensusDistance: 4,
    relativeConsensusDistance: 0.01,
  }))
  const reached = samples.find(sample => sample.lossMean <= 3)
  return {
    format: 1,
    experiment: 'exact',
    arm,
    seed,
    conditions,
    status,
    reason: status === 'failed' ? 'lost' : undefined,
    samples,
    summary: {
      staleness: { counts: [], total: 0, max: 0 },
      idleShare: 0,
      exchanges: { tried: 10, ok: 9, failed: { busy: 1 } },
      bytesPerPeerPerStep: 8,
      bytesPerToken: 10,
      target: {
        loss: 3,
        ...(reached && { reached: { tokens: reached.tokens, time: reached.time, bytes: reached.bytes } }),
      },
      wallSeconds: 1,
    },
    versions: { murmur: '0.1.0' },
  }
}

const sync = (seed: number) => cell({ arm: 'sync', seed, time: 80, bytes: 200_000, losses: [6, 4, 2] })

test('losses are compared where all arms have spent the same, seed by seed', t => {
  const records = [
    sync(1),
    sync(2),
    cell({ arm: 'gossip', seed: 1, losses: [6, 3, 2.5] }),
    cell({ arm: 'gossip', seed: 2, losses: [6, 3, 2.7] }),
  ]
  const [group] = analyse(specification, records).groups
  const [{ differences, ratios }] = group!.comparisons as [NonNullable<typeof group>['comparisons'][number]]
  t.is(differences.tokens.level, 200)
  t.is(differences.tokens.estimate!.mean.toFixed(9), '0.600000000') // 2.5 - 2 and 2.7 - 2
  t.is(differences.time.level, 20) // where gossip ended; sync had got a quarter of its way, to 5
  t.is(differences.time.estimate!.mean.toFixed(9), '-2.400000000')
  t.is(differences.bytes.level, 2000)
  t.is(differences.bytes.estimate!.mean.toFixed(9), (2.6 - 5.96).toFixed(9)) // sync sent 100,000 until it was at 4
  t.is(ratios.bytesAtEqualTokens.kind === 'exact' && ratios.bytesAtEqualTokens.mean.toFixed(6), '100.000000')
  t.is(ratios.timeToTarget.kind === 'exact' && ratios.timeToTarget.mean.toFixed(6), '8.000000')
})

test('a failed run sets no level, has no final value, and leaves its seed unpaired', t => {
  const records = [
    sync(1),
    sync(2),
    cell({ arm: 'gossip', seed: 1, losses: [6, 3, 2] }),
    cell({ arm: 'gossip', seed: 2, tokens: 2, losses: [6, 6, 9], status: 'failed' }),
  ]
  const [group] = analyse(specification, records).groups
  const gossip = group!.arms[1]!
  t.like(gossip.runs, { planned: 2, finished: 1, failed: 1, missing: 0 })
  t.is(gossip.loss!.mean, 2)
  t.deepEqual(group!.comparisons[0]!.differences.tokens.unpaired, [2])
  t.is(group!.comparisons[0]!.differences.tokens.verdict, 'inconclusive')
  t.is(group!.comparisons[0]!.ratios.timeToTarget.kind, 'at-most', 'it had not got there when it failed')
})

test('an arm that sends nothing has no loss at equal bytes, and takes none from the others', t => {
  const records = [
    sync(1),
    cell({ arm: 'gossip', seed: 1, losses: [6, 3, 2] }),
    cell({ arm: 'alone', seed: 1, bytes: 0, losses: [6, 5, 4], status: 'censored' }),
  ]
  const [group] = analyse(specification, records).groups
  const of = (name: string) => group!.comparisons.find(({ arm }) => arm.name === name)!
  t.is(of('gossip').differences.bytes.level, 2000)
  t.is(of('alone').differences.bytes.estimate, undefined)
  t.is(of('alone').differences.tokens.estimate!.mean, 2)
  t.deepEqual(of('alone').ratios.bytesAtEqualTokens, { kind: 'unknown' })
})

test('arms are compared under the same conditions only, in the order of the conditions', t => {
  const under = (peers: number) => [sync(1), sync(2)].map(record => ({ ...record, conditions: { peers, data: 'iid' } }))
  const { groups, varying, common, records } = analyse(specification, [...under(64).toReversed(), ...under(8)])
  t.deepEqual(varying, ['peers'])
  t.deepEqual(common, { data: 'iid' })
  t.deepEqual(
    groups.map(group => group.label),
    ['peers 8', 'peers 64'],
  )
  t.deepEqual(
    records.map(record => [record.conditions.peers, record.seed]),
    [
      [8, 1],
      [8, 2],
      [64, 1],
      [64, 2],
    ],
  )
  t.is(groups[0]!.arms[1]!.runs.missing, 2)
})

test('a margin is above nought', t => {
  t.throws(() => analyse({ ...specification, margin: 0 }, []), { message: 'Expected `margin` to be > 0, got 0' })
})

test('without a baseline nothing is compared', t => {
  const [group] = analyse(specification, [cell({ arm: 'gossip', seed: 1, losses: [6, 3, 2] })]).groups
  t.is(group!.comparisons[0]!.differences.tokens.estimate, undefined)
  t.is(analyse({ ...specification, baseline: 'none' }, [sync(1)]).groups[0]!.comparisons.length, 0)
})

test('a median is censored only where what is censored can move it', t => {
  const exact = (value: number) => ({ value, censored: false })
  const beyond = (value: number) => ({ value, censored: true })
  t.deepEqual(censoredMedian([exact(1), exact(2), beyond(9)]), exact(2))
  t.deepEqual(censoredMedian([exact(1), beyond(5), beyond(9)]), beyond(5))
  t.deepEqual(censoredMedian([exact(10), exact(20), beyond(1)]), beyond(10))
  t.is(censoredMedian([]), undefined)
})

test('a mean curve is drawn where all its runs are', t => {
  const curve = meanCurve([
    [
      { x: 0, y: 4 },
      { x: 2, y: 2 },
      { x: 6, y: 0 },
    ],
    [
      { x: 1, y: 5 },
      { x: 4, y: 2 },
    ],
    [],
  ])
  t.deepEqual(curve, [
    { x: 1, y: 4, low: 3, high: 5 },
    { x: 2, y: 3, low: 2, high: 4 },
    { x: 4, y: 1.5, low: 1, high: 2 },
  ])
  t.deepEqual(meanCurve([]), [])
  t.deepEqual(meanCurve([[{ x: 0, y: 1 }], [{ x: 1, y: 1 }]]), [])
})

test('bins hold all counts up to the last, as shares of all', t => {
  t.deepEqual(binCounts([1, 2, 3, 0, 2], 2, 3), [
    { from: 0, share: 3 / 8 },
    { from: 2, share: 3 / 8 },
  ])
  t.deepEqual(
    [0, 39, 40, 100, 1024].map(last => binWidth(last, 40)),
    [1, 1, 2, 5, 50],
  )
})
