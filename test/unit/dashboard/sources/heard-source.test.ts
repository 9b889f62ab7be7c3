import test from 'ava'
import { heardSource } from '../../../../src/dashboard/sources/heard-source.ts'
import { runView } from '../../../../src/dashboard/view/run-view.ts'
import type { Status } from '../../../../src/network/status.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'
import { exchangeEvent, stepEvent } from '../../peer/records/events.ts'

function status(sequence: number, more: Partial<Status> = {}): Status {
  return {
    ...{ version: 1, sequence, startedAt: 1, state: 'training', shards: ['shard-0'], step: 10 * sequence },
    ...{ tokens: 640 * sequence, loss: 2, staleness: 1, tokensPerSecond: 64, backend: 'cpu', addresses: [], ...more },
  }
}

const told = {
  partner: 'peer-b',
  shard: 'shard-0',
  ms: 8,
  staleness: 3,
  distance: 0.5,
  bytesSent: 10,
  bytesReceived: 20,
}

test('a swarm that is only heard has peers, edges and pulses', async t => {
  const clock = virtualClock()
  const source = heardSource({ clock }, { kind: 'status', name: '/memory/a' })
  const view = runView({ clock, source }, { version: 'test' })
  t.is(source.sources()[0]?.state, 'connecting')
  t.deepEqual(view.state().peers, [])
  source.hear('peer-a', status(1))
  source.hear('peer-b', status(1))
  await clock.advance(1000)
  const exchanges = [
    { ...told, id: '1', outcome: 'ok', ago: 100 },
    { ...told, id: '2', outcome: 'busy', ago: 50 },
    { ...told, id: '3', outcome: 'of a later version', ago: 50 },
  ]
  source.hear('peer-a', status(2, { exchanges }))
  source.hear('peer-b', status(2))
  const { peers, edges, totals } = view.state()
  t.like(peers[0], { id: 'peer-a', known: 'status', presence: 'live', step: 20, loss: 2, backend: 'cpu', staleness: 3 })
  t.like(edges[0], { a: 'peer-a', b: 'peer-b', ok: 1, failed: 1, begunByA: 2, bytes: 60, roundTripMs: 8 })
  t.like(totals, { live: 2, tokens: 2560, exchanges: { tried: 2, ok: 1, failed: { busy: 1 } } })
  t.deepEqual(
    source.timeline.recent.exchanges.all().map(({ id }) => id),
    ['1', '2'],
  )
  await clock.advance(6000)
  t.is(view.state().totals.silent, 2)
  source.hear('peer-a', status(3, { state: 'leaving' }))
  t.like(view.state().totals, { departed: 1, silent: 1 })
})

test("a peer's own records say more than its heartbeats, and the same exchange counts once", t => {
  const clock = virtualClock()
  const source = heardSource({ clock }, { kind: 'local', name: 'this peer' })
  const view = runView({ clock, source }, { version: 'test' })
  const time = clock.date()
  source.write(stepEvent({ by: 'peer-a', time, step: 7, tokens: 70 }))
  source.write(exchangeEvent({ by: 'peer-a', role: 'responder', partner: 'peer-b', id: '1', time }))
  source.hear('peer-b', status(1, { exchanges: [{ ...told, partner: 'peer-a', id: '1', outcome: 'ok', ago: 5 }] }))
  const { totals, edges, peers } = view.state()
  t.is(edges.length, 1)
  t.is(totals.exchanges.ok, 1)
  t.deepEqual(peers.map(({ known }) => known).sort(), ['events', 'status'])
})

test('whom only a heartbeat names is no peer, nor is everybody', t => {
  const clock = virtualClock()
  const source = heardSource({ clock }, { kind: 'status', name: '/memory/a' })
  const named = ['made-up', '*', 'peer-a', '__proto__', '<b>'].map((partner, i) => ({
    ...{ ...told, partner },
    ...{ id: String(i), outcome: 'ok', ago: 1 },
  }))
  source.hear('peer-a', status(1, { exchanges: named }))
  const { peers, edges } = runView({ clock, source }, { version: 'test' }).state()
  t.deepEqual(
    peers.map(({ id }) => id),
    ['peer-a'],
  )
  t.deepEqual(edges, [])
})
