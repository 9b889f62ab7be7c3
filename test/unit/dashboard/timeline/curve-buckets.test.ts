import test from 'ava'
import { curveBuckets } from '../../../../src/dashboard/timeline/curve-buckets.ts'
import { merged, swarmEvents } from '../../../support/swarm-events.ts'
import { exchangeEvent, stepEvent } from '../../peer/records/events.ts'

const BEGIN = 1_700_000_000_000

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
