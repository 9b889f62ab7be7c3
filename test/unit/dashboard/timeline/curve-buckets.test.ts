import test from 'ava'
import { curveBuckets } from '../../../../src/dashboard/timeline/curve-buckets.ts'
import { edgeState } from '../../../../src/dashboard/timeline/edge-record.ts'
import { exchangesSeen } from '../../../../src/dashboard/timeline/exchange-seen.ts'
import { exchangeTellers } from '../../../../src/dashboard/timeline/exchange-tellers.ts'
import type { Heartbeat, Observation } from '../../../../src/dashboard/timeline/observation.ts'
import { emptySwarm, observe } from '../../../../src/dashboard/timeline/swarm.ts'
import { merged, swarmEvents } from '../../../support/swarm-events.ts'
import { exchangeEvent, stepEvent } from '../../peer/records/events.ts'

const BEGIN = 1_700_000_000_000

function heartbeat(by: string, tokens: number, time: number): Heartbeat {
  const status: Heartbeat['status'] = {
    ...{ version: 1, sequence: tokens, startedAt: 1, state: 'training', shards: [], step: 1, tokens, loss: 1 },
    ...{ staleness: 0, tokensPerSecond: 1, backend: '', addresses: [] },
  }
  return { type: 'heartbeat', by, time, status }
}

test('a run of any length fits, and joining buckets keeps what they add up to', t => {
  const curves = curveBuckets()
  const steps = 5000
  for (let i = 0; i < steps; i++) {
    curves.add(
      stepEvent({ step: i + 1, tokens: 64 * (i + 1), loss: i, stepMs: 60, wallMs: 80, time: BEGIN + 1000 * i }),
    )
  }
  const { times, bucketMs, swarm, peers, lossRange } = curves.curves()
  t.true(times.length <= 512)
  t.is(times.length, swarm.loss.length)
  t.true(times.every((time, i) => i === 0 || time - times[i - 1]! === bucketMs))
  t.true(times[0]! <= BEGIN && times[0]! > BEGIN - bucketMs)
  const rate = swarm.tokensPerSecond.slice(1, -1)
  t.true(rate.every(value => value !== null && Math.abs(value - 64) < 1e-6))
  t.true(swarm.trainingShare.every(share => Math.abs(share! - 0.75) < 1e-9))
  t.true(swarm.loss.every((value, i) => value! >= lossRange.least[i]! && value! <= lossRange.greatest[i]!))
  t.is(lossRange.least[0], 0)
  t.is(lossRange.greatest.at(-1), steps - 1)
  t.deepEqual(peers[0]?.loss, swarm.loss)
})

test('every exchange counts once, whoever tells of it', t => {
  const events = merged(swarmEvents('curves', { peers: 4, steps: 60 }))
  const curves = curveBuckets()
  for (const event of events) curves.add(event)
  const begun = events.filter(event => event.type === 'exchange' && event.role === 'initiator')
  const ok = begun.filter(event => event.type === 'exchange' && event.outcome === 'ok').length / begun.length
  const { swarm } = curves.curves()
  const success = swarm.exchangeSuccess.filter(value => value !== null)
  t.true(Math.min(...success) <= ok && Math.max(...success) >= ok)
  const alone = curveBuckets()
  for (const i of [1, 2, 3])
    alone.add(exchangeEvent({ role: 'responder', id: `${i}`, outcome: i === 3 ? 'busy' : 'ok' }))
  t.is(alone.curves().swarm.exchangeSuccess[0], 2 / 3)
})

test('events from before the first, and losses that are not finite, do no harm', t => {
  const curves = curveBuckets()
  curves.add(stepEvent({ time: BEGIN, loss: 2 }))
  curves.add(stepEvent({ time: BEGIN - 3600_000, loss: 4, by: 'late' }))
  curves.add(stepEvent({ time: BEGIN + 1, loss: Number.NaN }))
  const { times, swarm } = curves.curves()
  t.is(times.length, 1)
  t.is(swarm.loss[0], 3)
})

test('tokens per second are right where steps are longer than buckets, and while they are under way', t => {
  const curves = curveBuckets()
  // Two peers of 100 tokens a second together: steps of 700 ms, and heartbeats of every second.
  const told = [...Array(40).keys()].flatMap(i => [
    stepEvent({ by: 'a', tokens: 35 * i, time: BEGIN + 700 * i, stepMs: 600, wallMs: 700 }),
    heartbeat('b', 50 * i, BEGIN + 1000 * i),
  ])
  for (const each of told.toSorted((one, other) => one.time - other.time)) {
    curves.add(each)
    const { times, bucketMs, swarm } = curves.curves()
    const rates = swarm.tokensPerSecond.filter((_, i) => times[i]! >= BEGIN && times[i]! + bucketMs <= BEGIN + 27_300)
    t.true(rates.every(rate => rate === null || Math.abs(rate - 100) < 1e-9 || Math.abs(rate - 50) < 1e-9))
  }
  const { times, swarm } = curves.curves()
  const both = swarm.tokensPerSecond.filter((_, i) => times[i]! >= BEGIN && times[i]! < BEGIN + 27_000)
  t.is(both.length, 108)
  t.true(both.every(rate => Math.abs(rate! - 100) < 1e-9))
})

test('what is published to all has no round trip, and its receivers know how stale it was', t => {
  const curves = curveBuckets()
  const swarm = emptySwarm()
  const publishing = ['a', 'b', 'c'].flatMap(by => [
    exchangeEvent({ by, partner: '*', distance: 0, staleness: 0, bytesReceived: 0 }),
    ...['a', 'b', 'c']
      .filter(partner => partner !== by)
      .map(partner => exchangeEvent({ by, partner, role: 'responder', distance: 2, staleness: 6, bytesSent: 0 })),
  ])
  const fresh = (event: Observation) => exchangesSeen(event, tellers.tells)
  const tellers = exchangeTellers()
  for (const event of publishing) tellers.note(event)
  for (const event of publishing) {
    curves.add(event)
    observe(swarm, event)
  }
  t.deepEqual([...swarm.peers.keys()].sort(), ['a', 'b', 'c'])
  const edges = [...swarm.edges.values()].map(edgeState)
  t.is(edges.length, 3)
  for (const edge of edges) t.like(edge, { ok: 2, failed: 0, staleness: 6, disagreement: 2, roundTripMs: null })
  for (const { recentStaleness, recentDistance, recentMs, summary } of swarm.peers.values()) {
    t.deepEqual([recentStaleness, recentDistance, recentMs], [[6, 6], 2, []])
    t.is(summary!.staleness.total, 2)
  }
  t.deepEqual(
    publishing.flatMap(fresh).map(({ from, to }) => from + to),
    ['ba', 'ca', 'ab', 'cb', 'ac', 'bc'],
  )
  const { staleness, exchangeSuccess, roundTripMs } = curves.curves().swarm
  t.deepEqual([staleness, exchangeSuccess, roundTripMs], [[6], [1], [null]])
})
