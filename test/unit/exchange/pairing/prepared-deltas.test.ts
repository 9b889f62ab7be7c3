import test from 'ava'
import { float32 } from '../../../../src/exchange/compression/float32.ts'
import { PreparedDeltas } from '../../../../src/exchange/pairing/prepared-deltas.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const now = { step: 0 }
const view = { shard: 's', length: 1, snapshot: async () => now, apply: async () => now }
const delta = (peer: string, id: string) => ({ peer, id, view, codec: float32, chunks: [], step: 0, distance: 0 })

test('a delta can be taken once, by its partner, under its id, while it lives', async t => {
  const clock = virtualClock(0)
  const deltas = new PreparedDeltas(clock, 1000)
  deltas.prepare(delta('a', '1'))
  t.is(deltas.take('b', '1'), undefined)
  t.is(deltas.take('a', '2'), undefined)
  await clock.advance(999)
  t.is(deltas.take('a', '1')?.id, '1')
  t.is(deltas.take('a', '1'), undefined)
  deltas.prepare(delta('a', '3'))
  await clock.advance(1000)
  t.is(deltas.take('a', '3'), undefined)
})

test('one a partner and four in all', t => {
  const deltas = new PreparedDeltas(virtualClock(0), 1000)
  for (const peer of ['a', 'b', 'c', 'd']) deltas.prepare(delta(peer, '1'))
  t.false(deltas.hasRoomFor('e'))
  t.true(deltas.hasRoomFor('a'))
  deltas.prepare(delta('a', '2'))
  t.is(deltas.take('a', '1'), undefined)
  t.true(deltas.take('a', '2') !== undefined)
  t.true(deltas.hasRoomFor('e'))
})

test('what was committed is remembered for its partner, and forgotten in time', async t => {
  const clock = virtualClock(0)
  const deltas = new PreparedDeltas(clock, 1000)
  deltas.committing('a', '1', Promise.resolve(0.5))
  t.is(await deltas.committed('a', '1'), 0.5)
  t.is(deltas.committed('b', '1'), undefined)
  await clock.advance(1000)
  deltas.prune()
  t.is(deltas.committed('a', '1'), undefined)
})
