import test from 'ava'
import { systemClock } from '../../../../src/core/clock.ts'
import { heardSource } from '../../../../src/dashboard/sources/heard-source.ts'
import { dashboardUnderTest, type Message, type Messages } from '../../../support/dashboard-requests.ts'
import { merged, swarmEvents } from '../../../support/swarm-events.ts'
import { exchangeEvent, stepEvent } from '../../peer/records/events.ts'

function empty() {
  return heardSource({ clock: systemClock }, { kind: 'local', name: 'test' })
}

async function until(messages: Messages, accepts: (message: Message) => boolean): Promise<Message> {
  for (;;) {
    const message = await messages.next()
    if (!message) throw new Error('The stream ended')
    if (accepts(message)) return message
  }
}

const now = () => Date.now()

test('a stream begins with what is there and tells what changes, to everybody', async t => {
  const source = empty()
  source.write({ type: 'state', state: 'training', time: now(), by: 'peer-a' })
  const { listen } = await dashboardUnderTest(t, source)
  const [one, other] = [await listen('/api/stream'), await listen('/api/stream')]
  for (const messages of [one, other]) {
    const first = await messages.next()
    t.is(first?.event, 'snapshot')
    if (first?.event === 'snapshot')
      t.deepEqual(
        first.data.state.peers.map(({ id }) => id),
        ['peer-a'],
      )
  }
  source.write(stepEvent({ by: 'peer-a', time: now() }))
  source.write(exchangeEvent({ by: 'peer-a', partner: 'peer-b', time: now() }))
  for (const messages of [one, other]) {
    const delta = await until(messages, ({ event }) => event === 'delta')
    if (delta.event !== 'delta') return t.fail()
    t.deepEqual(delta.data.peers.map(({ id }) => id).sort(), ['peer-a', 'peer-b'])
    t.is(delta.data.exchanges.length, 1)
    t.is(delta.data.edges.length, 1)
    t.is(delta.data.totals.exchanges.ok, 1)
  }
})

test('a reader that comes back gets what it missed, once', async t => {
  const source = empty()
  const { listen } = await dashboardUnderTest(t, source)
  source.write({ type: 'state', state: 'training', time: now(), by: 'peer-a' })
  const first = await listen('/api/stream')
  await first.next()
  source.write(exchangeEvent({ id: 'seen', time: now() }))
  const seen = await until(first, ({ event }) => event === 'delta')
  first.close()
  source.write(exchangeEvent({ id: 'missed', time: now() }))
  source.write({ type: 'warning', reason: 'odd', message: 'missed too', time: now(), by: 'peer-a' })
  const again = await listen('/api/stream', { headers: { 'last-event-id': seen.id } })
  const snapshot = await again.next()
  if (snapshot?.event !== 'snapshot') return t.fail()
  t.deepEqual(
    snapshot.data.missed.exchanges.map(({ id }) => id),
    ['missed'],
  )
  t.deepEqual(
    snapshot.data.missed.entries.map(({ text }) => text),
    ['missed too'],
  )
  t.is(snapshot.data.state.edges[0]?.ok, 2)
  const third = await (await listen(`/api/stream?since=${seen.id}`)).next()
  t.deepEqual(
    third?.event === 'snapshot' ? third.data.missed : undefined,
    snapshot.data.missed,
    'asked for by the address',
  )
  for (const id of ['', 'nonsense', 'a.b.c.d', '....']) {
    const fresh = await (await listen('/api/stream', { headers: { 'last-event-id': id } })).next()
    t.is(fresh?.event === 'snapshot' ? fresh.data.missed.exchanges.length : -1, 0, id)
  }
})

test('what somebody missed while others listened is told once', async t => {
  const source = empty()
  const { listen } = await dashboardUnderTest(t, source)
  source.write({ type: 'state', state: 'training', time: now(), by: 'peer-a' })
  const other = await listen('/api/stream')
  const first = await other.next()
  source.write(exchangeEvent({ id: 'missed', time: now() }))
  const again = await listen(`/api/stream?since=${first!.id}`)
  const snapshot = await again.next()
  source.write(exchangeEvent({ id: 'after', time: now() }))
  const delta = await until(again, ({ event }) => event === 'delta')
  if (snapshot?.event !== 'snapshot' || delta.event !== 'delta') return t.fail()
  t.deepEqual(
    [...snapshot.data.missed.exchanges, ...delta.data.exchanges].map(({ id }) => id),
    ['missed', 'after'],
  )
  const heard = await until(other, ({ event }) => event === 'delta')
  t.deepEqual(heard.event === 'delta' ? heard.data.exchanges.map(({ id }) => id) : [], ['missed'])
})

test('a replay tells of every exchange and ends in the state that was followed', async t => {
  const events = merged(swarmEvents('stream', { peers: 3, steps: 60 }))
  const source = empty()
  for (const event of events) source.write(event)
  source.end()
  const { listen, ask } = await dashboardUnderTest(t, source)
  const messages = await listen(`/api/stream?at=${events[0]!.time - 1}&speed=3`)
  const exchanges: string[] = []
  const peers = new Map<string, unknown>()
  for (let message = await messages.next(); message; message = await messages.next()) {
    if (message.event === 'end') break
    if (message.event !== 'delta') continue
    for (const { id } of message.data.exchanges) exchanges.push(id)
    for (const peer of message.data.peers) peers.set(peer.id, peer)
  }
  const begun = events.filter(event => event.type === 'exchange' && event.role === 'initiator')
  t.deepEqual(
    exchanges,
    begun.map(event => (event.type === 'exchange' ? event.id : '')),
  )
  const state = JSON.parse((await ask('/api/state')).body)
  t.deepEqual([...peers.values()], state.peers)
  const resumed = await listen(`/api/stream?at=0&speed=1000`, {
    headers: { 'last-event-id': `replay.${events.at(-1)!.time}` },
  })
  const snapshot = await resumed.next()
  t.is(snapshot?.event === 'snapshot' ? snapshot.data.state.time : 0, events.at(-1)!.time)
})

test('there is room for so many streams and no more, and stopping ends them', async t => {
  const { listen, ask, dashboard } = await dashboardUnderTest(t, empty())
  const held = await Promise.all(Array.from({ length: 64 }, () => listen('/api/stream')))
  t.is((await ask('/api/stream')).status, 503)
  held[0]!.close()
  await until(held[1]!, ({ event }) => event === 'snapshot')
  while ((await ask('/api/stream', { method: 'HEAD' })).status === 503);
  await dashboard.stop()
  t.is(await held[1]!.next(), undefined)
})
