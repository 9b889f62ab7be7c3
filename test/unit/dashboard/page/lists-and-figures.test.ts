import test from 'ava'
import { indexAt, lastUpTo } from '../../../../src/dashboard/page/curves/series.ts'
import { bytes, count, duration, loss, percent, quantity } from '../../../../src/dashboard/page/format.ts'
import { matches, sortPeers } from '../../../../src/dashboard/page/lists/columns.ts'
import { syntheticSwarm } from '../../../support/synthetic-swarm.ts'

const { peers } = syntheticSwarm({
  peers: 12,
  mode: 'live',
  from: 0,
  reach: 1,
  exchangesPerSecond: 1,
  silentAt: { 3: 0 },
}).state(60_000)

test('peers sort by any column, numbers in names as numbers, what is unknown last either way', t => {
  const names = (by: string, descending: boolean) => sortPeers(peers, { by, descending }).map(({ name }) => name)
  t.deepEqual(names('name', false).slice(0, 3), ['peer-1', 'peer-2', 'peer-3'])
  t.is(names('name', true)[0], 'peer-12')
  const some = peers.map((peer, i) => ({ ...peer, loss: i === 5 ? null : peer.loss }))
  for (const descending of [false, true]) {
    const losses = sortPeers(some, { by: 'loss', descending }).map(peer => peer.loss)
    t.is(losses.at(-1), null)
    const known = losses.slice(0, -1) as number[]
    t.deepEqual(
      known,
      known.toSorted((a, b) => (descending ? b - a : a - b)),
    )
  }
})

test('a search finds by name, id, backend and state', t => {
  const found = (search: string) => peers.filter(peer => matches(peer, search)).map(({ name }) => name)
  t.deepEqual(found('PEER-12'), ['peer-12'])
  t.deepEqual(found('Synthetic00003'), ['peer-4'])
  t.deepEqual(found('silent'), ['peer-4'])
  t.deepEqual(
    found(' wasm '),
    peers.filter(({ backend }) => backend === 'wasm').map(({ name }) => name),
  )
  t.deepEqual(found('nobody'), [])
})

test('a curve is read at a moment', t => {
  const times = [10, 20, 30]
  t.deepEqual(
    [5, 10, 25, 99, undefined].map(at => indexAt(times, at)),
    [-1, 0, 1, 2, 2],
  )
  t.is(lastUpTo([1, null, null], 2), 1)
  t.is(lastUpTo([null, 2], 0), null)
})

test('numbers are written briefly, and what is unknown as a dash', t => {
  t.deepEqual([950, 12_345, 4_560_000, null].map(count), ['950', '12.3k', '4.56M', '–'])
  t.deepEqual([12, 999.6, 80_000, 1.5e9, Number.NaN].map(bytes), ['12 B', '1.00 kB', '80.0 kB', '1.50 GB', '–'])
  t.deepEqual([7.25, 12, 1340, 65_000, 11_000_000].map(duration), [
    '7.3 ms',
    '12 ms',
    '1.3 s',
    '1 min 5 s',
    '3 h 3 min',
  ])
  t.deepEqual([0, 0.984, 0.9996, 1, null].map(percent), ['0%', '98.4%', '99.9%', '100%', '–'])
  t.deepEqual([0, 0.00612, 0.0001, 78.123, 23_456].map(quantity), ['0', '0.00612', '1.0e-4', '78.1', '23.5k'])
  t.is(loss(2.56789), '2.568')
})
