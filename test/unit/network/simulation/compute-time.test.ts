import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import {
  type ComputeTimeInit,
  computeTime,
  computeTimeSchema,
} from '../../../../src/network/simulation/compute-time.ts'

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

test('the mean, the spread and the share of stragglers are those asked for', t => {
  const time = computeTime({ base: 100, speeds: { slow: 0.2 } }, random('a'))
  const draw = (peer: string) => {
    const next = time.steps(peer)
    return Array.from({ length: 40_000 }, next)
  }
  const [usual, slow] = [draw('usual'), draw('slow')]
  const expected = 100 * (1 + 0.02 * 7.5)
  // Standard deviation of a step: about 115 ms.
  t.true(Math.abs(mean(usual) - expected) < (4 * 115) / 200, `${mean(usual)}`)
  t.true(Math.abs(mean(slow) / 5 - expected) < (4 * 115) / 200, `${mean(slow)}`)
  const stragglers = usual.filter(ms => ms > 300).length / usual.length
  t.true(Math.abs(stragglers - 0.02) < 0.003, `${stragglers}`)
  const logarithms = usual.filter(ms => ms < 300).map(ms => Math.log(ms / 100))
  t.true(Math.abs(mean(logarithms) + 0.02) < 0.004)
  t.true(Math.abs(Math.sqrt(mean(logarithms.map(x => (x + 0.02) ** 2))) - 0.2) < 0.004)
})

test('peers and lives have streams of their own, the same for the same seed', t => {
  const draw = (seed: string, peer: string, life?: number) => {
    const next = computeTime({ base: 10, speed: [1, 10] }, random(seed)).steps(peer, life)
    return Array.from({ length: 5 }, next)
  }
  t.deepEqual(draw('a', 'p', 1), draw('a', 'p', 1))
  t.notDeepEqual(draw('a', 'p', 1), draw('a', 'p', 2))
  t.notDeepEqual(draw('a', 'p'), draw('a', 'q'))
  t.notDeepEqual(draw('a', 'p'), draw('b', 'p'))
  const { speed } = computeTime({ base: 10, speed: [1, 10] }, random('a'))
  const speeds = Array.from({ length: 1000 }, (_, i) => speed(`${i}`))
  t.true(speeds.every(each => each >= 1 && each <= 10))
  t.true(Math.abs(mean(speeds.map(Math.log)) - Math.log(10) / 2) < 0.06)
})

test('what an experiment leaves out is filled in', t => {
  t.deepEqual(computeTimeSchema.parse({ base: 5 }), {
    base: 5,
    speed: [1, 1],
    speeds: {},
    spread: 0.2,
    stragglers: { probability: 0.02, slowdown: [5, 10] },
  })
})

test('without spread and stragglers a step takes exactly base / speed', t => {
  const init: ComputeTimeInit = { base: 30, speeds: { p: 3 }, spread: 0, stragglers: { probability: 0 } }
  t.is(computeTime(init, random('a')).steps('p')(), 10)
  t.throws(() => computeTime({ base: 0 }, random('a')), { message: /`compute\.base`/ })
  t.throws(() => computeTime({ base: 1, speeds: { p: 0 } }, random('a')), { message: /`compute\.speeds\.p`.*got 0/ })
})

test('recorded steps come as they were, from the second on again, after the offset of the first life', t => {
  const init: ComputeTimeInit = {
    kind: 'recorded',
    peers: [{ offset: 100, steps: [9, 1, 2] }, { steps: [4] }],
  }
  const time = computeTime(init, random('a'), ['p', 'q', 'r'])
  const draw = (peer: string, life?: number) => Array.from({ length: 6 }, time.steps(peer, life))
  t.deepEqual(draw('p'), [109, 1, 2, 1, 2, 1])
  t.deepEqual(draw('p', 1), [9, 1, 2, 1, 2, 1])
  t.deepEqual(draw('q'), [4, 4, 4, 4, 4, 4])
  t.deepEqual(draw('r'), draw('p')) // more peers than were recorded
  t.is(time.speed('p'), 1)
  t.throws(() => computeTime({ kind: 'recorded', peers: [{ steps: [] }] }, random('a')), {
    message: /`compute\.peers\.0\.steps`/,
  })
})
