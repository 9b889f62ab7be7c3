import test from 'ava'
import type { CellRecord, CellSample } from '../../../../src/experiment/cell-record.ts'
import { compareRecords } from '../../../../src/experiment/fidelity/compare-records.ts'

/** Samples at one token, one second and one byte each. */
function record(losses: number[], secondsEach = 1): CellRecord {
  const samples = losses.map(
    (loss, i): CellSample => ({
      tokens: i,
      time: i * secondsEach,
      bytes: i,
      lossMean: 0,
      lossOfPeersMean: loss,
      lossOfWorstPeer: loss,
      consensusDistance: 0,
      relativeConsensusDistance: 0,
    }),
  )
  return {
    format: 1,
    experiment: 'e',
    arm: 'a',
    seed: 1,
    conditions: {},
    status: 'finished',
    samples,
    summary: {
      staleness: { counts: [], total: 0, max: 0 },
      idleShare: 0,
      exchanges: { tried: 0, ok: 0, failed: {} },
      bytesPerPeerPerStep: 0,
      bytesPerToken: 0,
      wallSeconds: 1,
    },
    versions: { murmur: 'test' },
  }
}

test('the same curve at another pace differs in time alone', t => {
  const [real, slower] = [record([5, 4, 3, 2]), record([5, 4, 3, 2], 1.5)]
  t.like(compareRecords(real, real, { tolerance: 0.01, target: 2.5 }), {
    lossByTokens: { relative: 0, largest: 0 },
    lossByTime: { relative: 0 },
    duration: { real: 3, simulated: 3, difference: 0 },
    toTarget: { real: 2.5, simulated: 2.5, difference: 0 },
    within: true,
  })
  const fidelity = compareRecords(real, slower, { tolerance: 0.49, target: 2.5 })
  t.is(fidelity.lossByTokens.relative, 0)
  t.true(Math.abs(fidelity.lossByTime.relative - (1 / 3 / 4 + 2 / 3 / 3 + 1 / 2) / 3) < 1e-9)
  t.like(fidelity.toTarget, { real: 2.5, simulated: 3.75, difference: 0.5 })
  t.false(fidelity.within)
  t.true(compareRecords(real, slower, { tolerance: 0.51, target: 2.5 }).within)
})

test('losses are compared sample by sample, the first one left out', t => {
  const { lossByTokens, within } = compareRecords(record([5, 4, 2]), record([9, 5, 2]), { tolerance: 0.2 })
  t.deepEqual(lossByTokens, { relative: 0.125, largest: 1 })
  t.true(within)
})

test('a target that one of the two never reaches is a difference, one that neither reaches is none', t => {
  const [falls, stays] = [record([5, 4, 2]), record([5, 4, 2.1])]
  const options = { tolerance: 0.2, target: 2 }
  t.false(compareRecords(falls, stays, options).within)
  t.false(compareRecords(stays, falls, options).within)
  t.is(compareRecords(stays, stays, options).toTarget, undefined)
  t.true(compareRecords(stays, stays, options).within)
})

test('what cannot be compared is not alike', t => {
  t.false(compareRecords(record([5, 4]), record([5]), { tolerance: 10 }).within)
  t.false(compareRecords(record([5, 4]), record([5, Number.NaN]), { tolerance: 10 }).within)
})
