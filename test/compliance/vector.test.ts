import test from 'ava'
import { createArena, simdFor } from '../../src/core/arena.ts'
import { sharedFloats } from '../../src/core/parameters.ts'
import { sameBits, vectorSuite } from './vector.ts'

const arena = createArena()

test('vectors of an arena take the loops in WebAssembly, others do not', t => {
  t.truthy(simdFor(4, arena.floats(4), arena.floats(4)))
  t.is(simdFor(4, arena.floats(4), sharedFloats(4)), undefined)
  t.is(simdFor(4, arena.floats(4), createArena().floats(4)), undefined)
})

vectorSuite('plain', sharedFloats)
vectorSuite('arena', length => arena.floats(length))
sameBits('arena and plain', length => arena.floats(length), sharedFloats)
