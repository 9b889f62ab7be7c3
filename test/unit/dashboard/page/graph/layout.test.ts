import test from 'ava'
import { type Body, type Connection, type Layout, swarmLayout } from '../../../../../src/dashboard/page/graph/layout.ts'
import { connectionKey } from '../../../../../src/dashboard/page/graph/picture.ts'

const names = (n: number) => Array.from({ length: n }, (_, i) => `peer-${i}`)

function ringOf(ids: readonly string[]): Connection[] {
  return ids.map((a, i) => {
    const b = ids[(i + 1) % ids.length]!
    return { key: connectionKey(a, b), a, b }
  })
}

function settled(ids: readonly string[]): Layout {
  const layout = swarmLayout()
  layout.update(ids, ringOf(ids))
  layout.settle(1000)
  return layout
}

const places = (bodies: readonly Body[]) => new Map(bodies.map(({ id, x, y }) => [id, { x, y }]))

function meanMove(layout: Layout, before: ReadonlyMap<string, { x: number; y: number }>): number {
  const moves = layout.bodies.flatMap(({ id, x, y }) => {
    const old = before.get(id)
    return old ? [Math.hypot(x - old.x, y - old.y)] : []
  })
  return moves.reduce((sum, move) => sum + move, 0) / moves.length
}

test('the same swarm stands in the same places, all of them apart', t => {
  const [one, other] = [settled(names(20)), settled(names(20))]
  t.deepEqual(places(one.bodies), places(other.bodies))
  t.true(one.calm)
  for (const a of one.bodies) {
    for (const b of one.bodies) if (a !== b) t.true(Math.hypot(a.x - b.x, a.y - b.y) > 20, `${a.id} and ${b.id}`)
  }
})

test('a peer that comes or goes moves the others a little; they stay the same bodies', t => {
  const ids = names(40)
  const layout = settled(ids)
  const before = places(layout.bodies)
  const known = layout.body('peer-7')
  const more = [...ids, 'newcomer']
  const connected = [...ringOf(ids), { key: connectionKey('newcomer', 'peer-7'), a: 'newcomer', b: 'peer-7' }]
  layout.update(more, connected)
  const newcomer = layout.body('newcomer')!
  t.true(Math.hypot(newcomer.x - known!.x, newcomer.y - known!.y) < 150, 'it appears beside the one it knows')
  layout.settle(1000)
  t.is(layout.body('peer-7'), known)
  t.true(meanMove(layout, before) < 25, `moved by ${meanMove(layout, before)}`)

  layout.update(ids.slice(1), ringOf(ids.slice(1)))
  t.is(layout.body('peer-0'), undefined)
  t.is(layout.bodies.length, 39)
  t.is(layout.ties.length, 39)
  layout.settle(1000)
  t.true(meanMove(layout, before) < 40, `moved by ${meanMove(layout, before)}`)
})

test('the same picture again stirs nobody, nor does one new connection among many', t => {
  const ids = names(40)
  const layout = settled(ids)
  const before = places(layout.bodies)
  layout.update(ids, ringOf(ids))
  t.false(layout.tick())
  const oneMore = [...ringOf(ids), { key: connectionKey('peer-0', 'peer-20'), a: 'peer-0', b: 'peer-20' }]
  layout.update(ids, oneMore)
  t.false(layout.tick())
  t.is(layout.ties.length, 41)
  t.deepEqual(places(layout.bodies), before)
  const many = ids.slice(0, 10).map((a, i) => ({ key: connectionKey(a, `peer-${i + 12}`), a, b: `peer-${i + 12}` }))
  layout.update(ids, [...oneMore, ...many])
  t.true(layout.tick())
})

test('connections to strangers and to oneself are left out', t => {
  const layout = swarmLayout()
  layout.update(
    ['a', 'b'],
    [
      { key: 'a b', a: 'a', b: 'b' },
      { key: 'a gone', a: 'a', b: 'gone' },
      { key: 'b b', a: 'b', b: 'b' },
    ],
  )
  t.deepEqual(
    layout.ties.map(({ key }) => key),
    ['a b'],
  )
})
