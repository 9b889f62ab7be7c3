import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { coordinateViews, drawCoordinates, drawLength } from '../../../../src/exchange/pairing/coordinates.ts'
import { LocalHost } from '../../../support/local-host.ts'

test('a draw is the same for all who know the seed, and another for another number', t => {
  const draw = (seed: string, number: number) => drawCoordinates(seed, 10_000, 0.01, number)
  t.deepEqual(draw('a', 7), draw('a', 7))
  t.notDeepEqual(draw('a', 7), draw('a', 8))
  t.notDeepEqual(draw('a', 7), draw('b', 7))
})

test('every coordinate comes up equally often, and none twice in a draw', t => {
  const [length, fraction, draws] = [103, 0.1, 20_000]
  const seen = new Uint32Array(length)
  for (let draw = 0; draw < draws; draw++) {
    const coordinates = drawCoordinates('seed', length, fraction, draw)
    t.true(coordinates.every((at, i) => i === 0 || at > coordinates[i - 1]!))
    for (const at of coordinates) seen[at]! += 1
  }
  const expected = (draws * drawLength(length, fraction)) / length
  // Parts of 10 and of 11 values: 5% between them; five standard deviations of the count beside.
  t.true(seen.every(count => Math.abs(count / expected - 1) < 0.05 + 5 / Math.sqrt(expected)))
})

test('a draw has at least one coordinate and at most all', t => {
  t.is(drawLength(3, 0.005), 1)
  t.is(drawLength(3, 1), 3)
  t.deepEqual([...drawCoordinates('seed', 5, 1, 3)], [0, 1, 2, 3, 4])
})

test('a view reads and changes its coordinates and no other', async t => {
  const host = new LocalHost(
    Array.from({ length: 300 }, (_, i) => i),
    random('host'),
  )
  const shard = { name: 'shard-1', offset: 100, length: 150 }
  const view = coordinateViews(host, 'run', 0.1, 150).view(shard, 5)
  const at = drawCoordinates('run/shard-1', 150, 0.1, 5)
  const values = host.allocate(view.length)
  await view.snapshot(values)
  t.deepEqual(
    [...values],
    Array.from(at, i => 100 + i),
  )
  await view.apply(values, -1)
  const chosen = new Set(Array.from(at, i => 100 + i))
  t.true(host.values.every((value, i) => value === (chosen.has(i) ? 0 : i)))
})
