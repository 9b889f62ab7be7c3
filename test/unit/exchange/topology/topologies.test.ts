import test from 'ava'
import { createTopology } from '../../../../src/exchange/topology/topologies.ts'

const names = (n: number) => Array.from({ length: n }, (_, i) => String.fromCharCode(97 + i))

test('hypercube says which numbers of peers it can be had for', t => {
  t.throws(() => createTopology({ kind: 'hypercube' }).partner(names(12), 'a', 0), {
    code: 'TOPOLOGY_IMPOSSIBLE',
    message: 'hypercube needs a number of peers that is a power of two, got 12',
  })
})

test('hypercube meets along one dimension after the other', t => {
  const cube = createTopology({ kind: 'hypercube' })
  t.deepEqual(
    [0, 1, 2, 3].map(round => cube.partner(names(8), 'b', round)),
    ['a', 'd', 'f', 'a'],
  )
})

test('one-peer exponential sends half to 1, 2, 4... further and gets half from as far behind', t => {
  const graph = createTopology({ kind: 'one-peer-exponential' })
  const members = names(6)
  const seen = [0, 1, 2, 3].map(round => [
    graph.targets(members, 'a', round)[0]!.peer,
    graph.sources(members, 'a', round)[0]!.peer,
  ])
  t.deepEqual(seen, [
    ['b', 'f'],
    ['c', 'e'],
    ['e', 'c'],
    ['b', 'f'],
  ])
})

test('ring and star have the weights of Metropolis and Hastings', t => {
  const third = 1 / 3
  t.deepEqual(createTopology({ kind: 'ring' }).sources(names(5), 'a', 0), [
    { peer: 'b', weight: third },
    { peer: 'e', weight: third },
  ])
  const star = createTopology({ kind: 'star' })
  t.deepEqual(star.sources(names(4), 'c', 0), [{ peer: 'a', weight: 1 / 4 }])
  t.deepEqual(star.candidates(names(4), 'a', 0), ['b', 'c', 'd'])
})

test('anybody may be met in random pairs, the one partner in a matching; with an odd number one idles', t => {
  const members = names(5)
  const [any, matched] = [createTopology({ kind: 'random-pairs' }), createTopology({ kind: 'matching' })]
  for (let round = 0; round < 20; round++) {
    t.deepEqual(any.candidates(members, 'c', round), ['a', 'b', 'd', 'e'])
    const idle = members.filter(me => matched.partner(members, me, round) === undefined)
    t.is(idle.length, 1)
    t.deepEqual(matched.candidates(members, idle[0]!, round), [])
  }
})

test('regions: inside, but for the round in which the leaders meet', t => {
  const regions = { a: 'x', b: 'x', c: 'y', d: 'y', e: 'y', f: 'z' }
  const tree = createTopology({ kind: 'regions', regions, every: 3 })
  const members = names(8) // g and h are in no region
  const candidates = (round: number) => members.map(me => tree.candidates(members, me, round).join(''))
  const inside = ['b', 'a', 'de', 'ce', 'cd', '', 'h', 'g']
  t.deepEqual([0, 1, 3].map(candidates), [inside, inside, inside])
  t.deepEqual(candidates(2), ['cfg', '', 'afg', 'e', 'd', 'acg', 'acf', ''])
  for (let round = 2; round < 60; round += 3) {
    const partner = tree.partner(members, 'a', round)!
    t.true('cfg'.includes(partner))
    t.is(tree.partner(members, 'd', round), 'e')
  }
})

test('groups have their size, and what is left is one more', t => {
  const groups = createTopology({ kind: 'groups', size: 4 })
  const sizes = (n: number) => {
    const mixing = groups.mixing(names(n), 1)
    return 'groups' in mixing ? mixing.groups.map(group => group.length) : undefined
  }
  t.deepEqual([12, 10, 9, 3, 1].map(sizes), [[4, 4, 4], [4, 4, 2], [4, 4], [3], []])
})

test('a grid groups along one axis after the other', t => {
  const grid = createTopology({ kind: 'grid', dimensions: 2 })
  t.deepEqual(grid.mixing(names(9), 0), {
    groups: [
      [0, 1, 2],
      [3, 4, 5],
      [6, 7, 8],
    ],
  })
  t.deepEqual(grid.mixing(names(9), 1), {
    groups: [
      [0, 3, 6],
      [1, 4, 7],
      [2, 5, 8],
    ],
  })
  t.deepEqual(grid.mixing(names(5), 3), {
    groups: [
      [0, 3],
      [1, 4],
    ],
  })
})

test('seeds and rounds differ; options are checked', t => {
  const pairs = (seed: number, round: number) => createTopology({ kind: 'matching', seed }).mixing(names(9), round)
  t.notDeepEqual(pairs(1, 0), pairs(2, 0))
  t.notDeepEqual(pairs(1, 0), pairs(1, 1))
  const refusal = (message: string) => ({ code: 'SPECIFICATION_INVALID', message })
  t.throws(() => createTopology({ kind: 'groups', size: 1 }), refusal('Expected `size` to be an integer >= 2, got 1'))
  t.throws(
    () => createTopology({ kind: 'grid', dimensions: 0.5 }),
    refusal('Expected `dimensions` to be an integer >= 1, got 0.5'),
  )
  t.throws(
    () => createTopology({ kind: 'regions', regions: {}, every: 0 }),
    refusal('Expected `every` to be an integer >= 1, got 0'),
  )
})
