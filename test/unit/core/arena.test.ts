import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { createArena, simdFor } from '../../../src/core/arena.ts'
import { sharedFloats } from '../../../src/core/parameters.ts'
import { addScaled } from '../../../src/core/vector.ts'

type Vector = Float32Array<SharedArrayBuffer>

test('vectors are zero, of the length asked for, and never overlap', t => {
  const arena = createArena()
  const vectors = [1, 0, 5, 20_000, 3].map(length => arena.floats(length))
  t.deepEqual(
    vectors.map(({ length }) => length),
    [1, 0, 5, 20_000, 3],
  )
  t.true(vectors.every(vector => vector.every(value => value === 0)))
  for (const [i, vector] of vectors.entries()) vector.fill(i + 1)
  t.true(vectors.every((vector, i) => vector.every(value => value === i + 1)))
})

test('a vector from before the memory grew is combined with one from after', t => {
  const arena = createArena()
  const before = arena.floats(100).fill(1)
  const after = arena.floats(1_000_000).fill(2).subarray(0, 100)
  t.truthy(simdFor(100, before, after))
  addScaled(before, after, 3)
  t.true(before.every(value => value === 7))
})

test('threads see each other’s vectors and take from one memory', async t => {
  const arena = createArena()
  const mine = arena.floats(1000).fill(3)
  const worker = new Worker(new URL('../../support/arena-thread.ts', import.meta.url), { workerData: arena.memory })
  worker.postMessage(arena.locate(mine))
  const [{ location, together }] = await once(worker, 'message')
  await worker.terminate()
  t.true(together)
  t.true(mine.every(value => value === 4))
  const theirs = arena.at(location)
  const later = arena.floats(1000).fill(9)
  t.true(theirs.every(value => value === 2))
  addScaled(mine, theirs, 1)
  t.true(mine.every(value => value === 6))
  t.true(later.every(value => value === 9))
})

test('what does not fit, and what comes from elsewhere, is a plain vector and keeps its place in a message', t => {
  const arena = createArena()
  const [small, half, large] = [4, 2 ** 29, 2 ** 29].map(length => arena.floats(length)) as [Vector, Vector, Vector]
  t.is(large.length, 2 ** 29)
  t.truthy(simdFor(4, small, half))
  t.is(simdFor(4, small, large), undefined)
  t.is(arena.locate(large), large)
  const foreign = sharedFloats(4)
  t.is(arena.locate(foreign), foreign)
  t.is(arena.at(foreign), foreign)
  t.is(arena.locate(createArena().floats(4)) instanceof Float32Array, true)
})
