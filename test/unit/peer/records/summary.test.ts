import test from 'ava'
import type { Recorded } from '../../../../src/core/telemetry.ts'
import { addToCurve, emptyCurve } from '../../../../src/peer/records/curve.ts'
import {
  countStaleness,
  mergeStaleness,
  noStaleness,
  stalenessQuantiles,
} from '../../../../src/peer/records/staleness.ts'
import {
  millisecondsLeft,
  type PeerSummary,
  recentTokensPerSecond,
  summarize,
  tokensPerSecond,
  trainingShare,
} from '../../../../src/peer/records/summary.ts'
import { summarizeSwarm } from '../../../../src/peer/records/swarm-summary.ts'
import { exchangeEvent, stepEvent, steps } from './events.ts'

const stamp = { time: 1_700_000_000_000, by: 'peer-a' }

function summaryOf(events: readonly Recorded[]): PeerSummary {
  return events.reduce<PeerSummary | undefined>(summarize, undefined)!
}

test('steps: the latest one, tokens, pace without the first ten steps', t => {
  const slow = steps(10, { stepMs: 900, wallMs: 1000 })
  const quick = steps(30).slice(10)
  const state = summaryOf([...slow, ...quick])
  t.is(state.step, 30)
  t.is(state.tokens, 30 * 512)
  t.is(trainingShare(state), 0.8)
  t.is(tokensPerSecond(state), (512 * 1000) / 50)
  t.true(recentTokensPerSecond(state)! < 512 * 20 && recentTokensPerSecond(state)! > 512)
  t.is(millisecondsLeft(summaryOf(steps(30)), 130), 100 * 50)
  t.is(state.firstTime, slow[0]!.time)
  t.is(state.lastTime, quick.at(-1)!.time)
})

test('a summary without steps after warm-up claims no pace', t => {
  const state = summaryOf(steps(10))
  t.is(trainingShare(state), undefined)
  t.is(tokensPerSecond(state), undefined)
})

test('a resumed session counts neither the tokens nor the time before it', t => {
  const before = steps(50, { stepMs: 5 })
  const restart: Recorded = { type: 'state', state: 'starting', ...stamp }
  const after = steps(70).slice(50)
  const state = summaryOf([...before, restart, ...after])
  t.is(state.pace.steps, 20)
  t.is(trainingShare(state), 0.8)
  t.is(state.tokens, 70 * 512)
  // A log that begins in the middle of a run: the first event's tokens are not this session's.
  t.is(tokensPerSecond(summaryOf(after)), (512 * 1000) / 50)
  t.is(recentTokensPerSecond(summaryOf(after.slice(0, 1))), undefined)
})

test('exchanges are counted by their initiator, bytes and answers by both', t => {
  const state = summaryOf([
    exchangeEvent({ staleness: 2 }),
    exchangeEvent({ staleness: 8 }),
    exchangeEvent({ outcome: 'busy', bytesSent: 10, staleness: 99 }),
    exchangeEvent({ outcome: 'busy', bytesSent: 10 }),
    exchangeEvent({ outcome: 'timed-out', bytesSent: 0 }),
    exchangeEvent({ role: 'responder', staleness: 77, bytesSent: 500 }),
  ])
  t.deepEqual(state.exchanges, { tried: 5, ok: 2, failed: { busy: 2, 'timed-out': 1 } })
  t.deepEqual(state.answered, { tried: 1, ok: 1, failed: {} })
  t.deepEqual(stalenessQuantiles(state.staleness), { p50: 2, p95: 8, max: 8 })
  t.is(state.bytesSent, 2520)
})

test('membership, state, evaluations, checkpoints and warnings', t => {
  const state = summaryOf([
    { type: 'membership', change: 'joined', peer: 'peer-b', live: 2, ...stamp },
    { type: 'membership', change: 'joined', peer: 'peer-c', live: 3, ...stamp },
    { type: 'membership', change: 'lost', peer: 'peer-b', live: 2, ...stamp },
    { type: 'state', state: 'training', detail: 'solo', ...stamp },
    ...[5.5, 2.1, 2.4].map(
      (loss, i): Recorded => ({ type: 'evaluation', step: i * 100, loss, tokens: 4096, ...stamp }),
    ),
    { type: 'checkpoint', step: 200, path: 'step-200.safetensors', bytes: 1000, ms: 5, ...stamp },
    ...Array.from({ length: 100 }, (_, i): Recorded => ({ type: 'warning', reason: `r${i}`, message: 'm', ...stamp })),
  ])
  t.deepEqual(state.membership, { live: 2, joined: 2, left: 0, lost: 1 })
  t.is(state.peer, 'peer-a')
  t.deepEqual([state.state, state.detail], ['training', 'solo'])
  t.deepEqual([state.validation!.first.loss, state.validation!.last.loss, state.validation!.best.loss], [5.5, 2.4, 2.1])
  t.is(state.checkpoint!.step, 200)
  t.is(state.warnings.total, 100)
  t.true(Object.keys(state.warnings.reasons).length <= 33, 'reasons are bounded')
})

test('the reducer leaves its argument as it was', t => {
  const before = summaryOf([...steps(3), exchangeEvent()])
  const copy = structuredClone(before)
  summarize(before, stepEvent({ step: 4 }))
  summarize(before, exchangeEvent({ outcome: 'busy' }))
  t.deepEqual(before, copy)
})

test('a swarm adds up its peers', t => {
  const a = summaryOf([...steps(30), exchangeEvent({ staleness: 1, bytesSent: 1536 })])
  const b = summaryOf([
    ...steps(30, { by: 'peer-b', stepMs: 30 }),
    exchangeEvent({ by: 'peer-b', outcome: 'busy', bytesSent: 0 }),
    exchangeEvent({ by: 'peer-b', role: 'responder', bytesSent: 1536 }),
  ])
  const swarm = summarizeSwarm([a, b])
  t.deepEqual(swarm, {
    peers: 2,
    tokens: 2 * 30 * 512,
    exchanges: { tried: 2, ok: 1, failed: { busy: 1 } },
    staleness: { p50: 1, p95: 1, max: 1 },
    bytesSent: { perPeer: 1536, perToken: 0.1 },
    tokensPerSecond: { perPeer: 10_240, total: 20_480 },
    trainingShare: 0.7,
  })
  t.is(summarizeSwarm([]).trainingShare, 0)
})

test('staleness quantiles are exact by nearest rank, bounded, and merge', t => {
  const values = Array.from({ length: 100 }, (_, i) => i + 1)
  const state = values.toReversed().reduce(countStaleness, noStaleness)
  t.deepEqual(stalenessQuantiles(state), { p50: 50, p95: 95, max: 100 })
  t.deepEqual(stalenessQuantiles(noStaleness), { p50: 0, p95: 0, max: 0 })
  const far = countStaleness(countStaleness(noStaleness, 1e9), Number.NaN)
  t.deepEqual(stalenessQuantiles(far), { p50: 1e9, p95: 1e9, max: 1e9 })
  t.true(far.counts.length <= 1025)
  t.deepEqual(stalenessQuantiles(mergeStaleness([state, far])), { p50: 51, p95: 96, max: 1e9 })
})

test('a curve keeps the mean and the span of a long series in bounded room', t => {
  const length = 128 * 50
  let curve = emptyCurve
  for (let i = 0; i < length; i++) curve = addToCurve(curve, i)
  t.true(curve.means.length <= 128 && curve.means.length >= 64)
  t.true(curve.means.every((mean, i) => i === 0 || mean > curve.means[i - 1]!))
  const kept = curve.means.reduce((sum, mean) => sum + mean * curve.stride, 0) + curve.sum
  t.is(kept, (length * (length - 1)) / 2)
})
