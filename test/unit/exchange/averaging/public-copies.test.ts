import test from 'ava'
import { sharedFloats } from '../../../../src/core/parameters.ts'
import { publicCopies } from '../../../../src/exchange/averaging/public-copies.ts'

const own = { incarnation: 7, round: 2 }
/** What a neighbour in its life 5 says: the version of its copy, and that it has ours. */
const notes = (round: number, incarnation = 5) => [incarnation, round, own.incarnation, own.round]
const copiesOfOne = () => publicCopies(() => sharedFloats(1))

test('a copy begins in full and goes on by differences', t => {
  const copies = copiesOfOne()
  t.deepEqual(copies.notesFor('a', own), [7, 2, 0, 0])
  t.deepEqual(copies.advance('a', 3, Float32Array.of(1), notes(2), own), { upToDate: false, lacks: false })
  copies.complete('a', Float32Array.of(10))
  t.is(copies.of('a')[0], 11)
  t.deepEqual(copies.notesFor('a', own), [7, 2, 5, 3])
  t.true(copies.advance('a', 4, Float32Array.of(1), notes(3), own).upToDate)
  t.is(copies.of('a')[0], 12)
})

test('a copy whose base did not arrive is none', t => {
  const copies = copiesOfOne()
  copies.advance('a', 3, Float32Array.of(1), notes(2), own)
  t.deepEqual(copies.notesFor('a', own), [7, 2, 0, 0])
  t.false(copies.advance('a', 3, Float32Array.of(1), notes(2), own).upToDate)
  copies.complete('a', Float32Array.of(10))
  t.is(copies.of('a')[0], 11)
})

test('a neighbour whose round failed, or that was started again, sends its copy anew', t => {
  const copies = copiesOfOne()
  copies.advance('a', 3, Float32Array.of(1), notes(2), own)
  copies.complete('a', Float32Array.of(10))
  t.false(copies.advance('a', 4, Float32Array.of(1), notes(2), own).upToDate)
  copies.complete('a', Float32Array.of(20))
  t.is(copies.of('a')[0], 21)
  t.false(copies.advance('a', 5, Float32Array.of(1), notes(4, 6), own).upToDate)
})

test('who says that it has another version of our own copy lacks it', t => {
  const copies = copiesOfOne()
  for (const told of [[5, 2, 7, 1], [5, 2, 6, 2], [5, 2], []]) {
    t.true(copies.advance('a', 3, Float32Array.of(1), told, own).lacks)
  }
})

test('memory of those who left serves those who come', t => {
  let allocated = 0
  const copies = publicCopies(() => {
    allocated += 1
    return sharedFloats(1)
  })
  for (let peer = 0; peer < 10; peer++) {
    copies.retain(['left', `peer ${peer}`])
    copies.of('left')
    copies.of(`peer ${peer}`)
  }
  t.is(allocated, 2)
})
