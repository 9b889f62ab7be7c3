import test from 'ava'
import type { FeedEntry } from '../../../../src/dashboard/api/feed.ts'
import { pictureOf } from '../../../../src/dashboard/page/picture-of.ts'
import {
  addEntries,
  addExchanges,
  applyDelta,
  applyState,
  emptyModel,
  forgetPassing,
} from '../../../../src/dashboard/page/swarm-model.ts'
import { syntheticSwarm } from '../../../support/synthetic-swarm.ts'

const FROM = 1_000_000
const swarm = syntheticSwarm({
  peers: 5,
  mode: 'replay',
  from: FROM,
  reach: 2,
  exchangesPerSecond: 10,
  silentAt: { 1: FROM + 2000 },
  departedAt: { 2: FROM + 3000 },
})

function delta(since: number, time: number, forgotten: readonly string[] = []) {
  const { peers, edges, totals, alerts } = swarm.state(time)
  const exchanges = swarm.exchanges(since, time)
  return { time, peers, edges, forgotten, exchanges, exchangesOmitted: 0, entries: [], totals, alerts }
}

const entry = (id: string, time: number): FeedEntry => ({ id, time, peer: 'p', kind: 'state', text: id, level: 'info' })

test('followed step by step or sought at once, a moment is the same', t => {
  let followed = applyState(emptyModel, swarm.state(FROM))
  for (let at = FROM; at < FROM + 4000; at += 250) followed = applyDelta(followed, delta(at, at + 250))
  const sought = applyState(emptyModel, swarm.state(FROM + 4000))
  t.deepEqual({ ...followed, latest: new Map() }, sought)
  t.is(followed.latest.size > 0, true)
})

test('who departed is not drawn, nor are the connections of one that is gone; silence is', t => {
  const model = applyState(emptyModel, swarm.state(FROM + 4000))
  const picture = pictureOf(model, 'loss')
  t.deepEqual(
    picture.peers.map(({ name, presence }) => `${name} ${presence}`),
    ['peer-1 live', 'peer-2 silent', 'peer-4 live', 'peer-5 live'],
  )
  const drawn = new Set(picture.peers.map(({ id }) => id))
  t.true(picture.connections.every(({ a, b }) => drawn.has(a) && drawn.has(b)))
  t.true(picture.connections.length > 0)
})

test('a forgotten peer takes its connections along', t => {
  const model = applyState(emptyModel, swarm.state(FROM))
  const [gone] = model.peers.keys()
  const after = applyDelta(model, { ...delta(FROM, FROM), peers: [], edges: [], forgotten: [gone!] })
  t.false(after.peers.has(gone!))
  t.false([...after.edges.values()].some(({ a, b }) => a === gone || b === gone))
  t.true(after.edges.size < model.edges.size)
})

test('the feed holds each entry once, the newest first, and no more than its room', t => {
  const some = addEntries(emptyModel, [entry('a', 1), entry('c', 3)])
  const more = addEntries(some, [entry('b', 2), entry('a', 1)])
  t.deepEqual(
    more.feed.map(({ id }) => id),
    ['c', 'b', 'a'],
  )
  t.is(addEntries(more, [entry('a', 1)]), more)
  const full = addEntries(
    more,
    Array.from({ length: 1000 }, (_, i) => entry(`n${i}`, 10 + i)),
  )
  t.is(full.feed.length, 300)
  t.is(full.feed[0]!.id, 'n999')
  t.deepEqual(
    applyState(more, { ...swarm.state(FROM), time: 2 }).feed.map(({ id }) => id),
    ['b', 'a'],
    'nothing of the future',
  )
})

test('the latest exchange of each pair is kept whichever of the two began it, and room is bounded', t => {
  const [first] = swarm.exchanges(FROM, FROM + 1000)
  const back = { ...first!, id: 'back', from: first!.to, to: first!.from }
  t.deepEqual([...addExchanges(emptyModel, [first!, back]).latest.values()], [back])
  const many = Array.from({ length: 5000 }, (_, i) => ({ ...first!, from: `a${i}`, to: `b${i}` }))
  t.is(addExchanges(emptyModel, many).latest.size, 4096)
  t.is(forgetPassing(addExchanges(emptyModel, many)).latest.size, 0)
})
