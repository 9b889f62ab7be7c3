import test from 'ava'
import { randomMatching } from '../../../../src/exchange/topology/matching.ts'

const members = ['e', 'a', 'd', 'b', 'c', 'f']

test('pairs everybody once, whatever order the members come in', t => {
  for (let round = 0; round < 50; round++) {
    const pairs = randomMatching(members, 'seed', round)
    t.deepEqual(pairs.flat().sort(), [...members].sort())
    t.deepEqual(randomMatching(members.toReversed(), 'seed', round), pairs)
  }
})

test('rounds and seeds differ', t => {
  const rounds = new Set(Array.from({ length: 50 }, (_, round) => JSON.stringify(randomMatching(members, 1, round))))
  t.true(rounds.size > 30)
  t.notDeepEqual(
    Array.from({ length: 9 }, (_, round) => randomMatching(members, 1, round)),
    Array.from({ length: 9 }, (_, round) => randomMatching(members, 2, round)),
  )
})

test('with an odd number one idles, not always the same', t => {
  const odd = members.slice(1)
  const idle = new Set<string>()
  for (let round = 0; round < 60; round++) {
    const busy = new Set(randomMatching(odd, 'seed', round).flat())
    t.is(busy.size, 4)
    idle.add(odd.find(member => !busy.has(member))!)
  }
  t.is(idle.size, 5)
  t.deepEqual(randomMatching(['alone'], 'seed', 0), [])
})
