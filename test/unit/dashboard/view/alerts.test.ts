import test from 'ava'
import type { ExchangeEvent, MemoryEvent, Recorded } from '../../../../src/core/telemetry.ts'
import { emptySwarm, observe } from '../../../../src/dashboard/timeline/swarm.ts'
import { thresholdsFor } from '../../../../src/dashboard/view/alerts.ts'
import { swarmState } from '../../../../src/dashboard/view/swarm-state.ts'
import { parseSpecification } from '../../../../src/peer/specification/parse.ts'
import { exchangeEvent, stepEvent } from '../../peer/records/events.ts'

const context = {
  nameOf: (peer: string) => peer,
  timeoutMs: 5000,
  totalSteps: undefined,
  thresholds: thresholdsFor(undefined),
}
const BEGIN = 1_700_000_000_000

/** The kinds of the alerts that stand after some events, a moment after the last one. */
function standing(events: readonly Recorded[], after = 10): string[] {
  const swarm = emptySwarm()
  for (const event of events) observe(swarm, event)
  return swarmState(swarm, events.at(-1)!.time + after, context).alerts.map(({ kind }) => kind)
}

const training: Recorded = { type: 'state', state: 'training', time: BEGIN, by: 'peer-a' }
const losses = (count: number, loss: (i: number) => number): Recorded[] => [
  training,
  ...Array.from({ length: count }, (_, i) => stepEvent({ step: i + 1, loss: loss(i), time: BEGIN + 50 * i })),
]
const exchanges = (count: number, fields: (i: number) => Partial<ExchangeEvent>): Recorded[] => [
  training,
  ...Array.from({ length: count }, (_, i) => exchangeEvent({ ...fields(i), id: `${i}`, time: BEGIN + i })),
]

test('a loss that falls raises nothing, one that stands still or is not finite does', t => {
  t.deepEqual(standing(losses(400, i => 5 * 0.99 ** i)), [])
  t.deepEqual(standing(losses(400, i => 2 + 1e-6 * (400 - i))), ['loss-stagnating'])
  t.deepEqual(standing(losses(20, () => 2)), []) // too early to tell
  t.deepEqual(standing(losses(20, i => (i < 19 ? 2 : Number.NaN))), ['loss-diverged'])
})

test('exchanges that fail, take long, are stale or meet a growing difference are told', t => {
  const fine = { ms: 10, staleness: 2, distance: 0.01 }
  t.deepEqual(standing(exchanges(64, () => fine)), [])
  t.deepEqual(standing(exchanges(64, i => ({ ...fine, outcome: i % 5 === 0 ? 'busy' : 'ok' }))), [
    'exchange-success-low',
  ])
  t.deepEqual(standing(exchanges(64, () => ({ ...fine, ms: 60_000 }))), ['round-trip-slow'])
  t.deepEqual(standing(exchanges(64, () => ({ ...fine, staleness: 101 }))), ['staleness-high'])
  t.deepEqual(standing(exchanges(64, i => ({ ...fine, distance: 0.01 * 1.05 ** i }))), ['disagreement-growing'])
  t.deepEqual(standing(exchanges(8, () => ({ ms: 60_000, outcome: 'busy' }))), [])
})

test('memory in use over nine tenths is critical and told first', t => {
  const memory = (available: number): Recorded<MemoryEvent> => ({
    ...{ type: 'memory', resident: 5, limit: 100, available },
    ...{ time: BEGIN + 64, by: 'peer-a' },
  })
  const failing = exchanges(64, i => ({ outcome: i % 5 === 0 ? 'busy' : 'ok' }))
  t.deepEqual(standing([...failing, memory(9)]), ['memory-high', 'exchange-success-low'])
  t.deepEqual(standing([training, memory(11)]), [])
})

test('a silent peer is told until it is gone; one that said goodbye is not', t => {
  const events = losses(30, i => 5 - 0.1 * i)
  t.deepEqual(standing(events, 4999), [])
  t.deepEqual(standing(events, 5001), ['peer-silent'])
  t.deepEqual(standing(events, 31_000), [])
  t.deepEqual(standing([...events, { ...training, state: 'stopped', time: BEGIN + 1500 } as Recorded], 5001), [])
})

test("the run's own bounds count where its specification has them", t => {
  const spec = (averaging: object) => parseSpecification(JSON.stringify({ averaging }))
  t.is(thresholdsFor(spec({ staleness: { policy: 'bounded', bound: 7 } })).staleness, 7)
  t.is(thresholdsFor(spec({ every: 33 })).staleness, 33)
  t.is(thresholdsFor(spec({ timeout: 4 })).roundTripMs, 2000)
})
