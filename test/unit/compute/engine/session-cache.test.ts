import test from 'ava'
import { GraphBuilder } from '../../../../src/compute/engine/builder.ts'
import { serialize } from '../../../../src/compute/engine/onnx/serialize.ts'
import { loadRuntime } from '../../../../src/compute/engine/runtime.ts'
import { openSession } from '../../../../src/compute/engine/session.ts'
import { leaseSession } from '../../../../src/compute/engine/session-cache.ts'

function graphOf(factor: number) {
  const build = new GraphBuilder()
  const x = build.input('x', { shape: [2], dtype: 'float32' })
  const scaled = build.add('Mul', [x, build.fill(factor, { shape: [], dtype: 'float32' })])
  return build.finish(new Map([['y', scaled]]))
}

const cpu = { provider: 'cpu', threads: 1 } as const

test('one graph compiled in one way is one session, as long as anybody uses it', async t => {
  const runtime = await loadRuntime()
  const lease = (factor: number, threads = 1) => leaseSession(runtime, serialize(graphOf(factor)), { ...cpu, threads })
  const [first, second] = await Promise.all([lease(2), lease(2)])
  t.is(first.native, second.native)
  const [other, threaded] = [await lease(3), await lease(2, 2)]
  t.not(other.native, first.native)
  t.not(threaded.native, first.native)
  await first.release()
  await first.release() // not for the other one
  const third = await lease(2)
  t.is(third.native, second.native)
  for (const each of [second, third, other, threaded]) await each.release()
  const anew = await lease(2)
  t.not(anew.native, second.native)
  await anew.release()
})

test('those who share a session have each its own memory', async t => {
  const bound = () => ({ x: Float32Array.of(1, 2), y: new Float32Array(2) })
  const [mine, yours] = [bound(), bound()]
  yours.x.set([5, 6])
  const sessions = [await openSession(graphOf(5), mine, cpu), await openSession(graphOf(5), yours, cpu)]
  await Promise.all(sessions.map(session => session.run({})))
  t.deepEqual([...mine.y], [5, 10])
  t.deepEqual([...yours.y], [25, 30])
  await sessions[0]!.release()
  yours.x.set([7, 8])
  await sessions[1]!.run({})
  t.deepEqual([...yours.y], [35, 40])
  await sessions[1]!.release()
})

test('a failure to compile is not kept', async t => {
  const runtime = await loadRuntime()
  const broken = Uint8Array.of(1, 2, 3)
  await t.throwsAsync(leaseSession(runtime, broken, cpu))
  await t.throwsAsync(leaseSession(runtime, broken, cpu))
})
