import test from 'ava'
import { sampler } from '../../../../src/compute/generate/sampler.ts'
import { random } from '../../../../src/core/random.ts'

const logits = Float32Array.from([0, 2, -1, 1, 2])

function frequencies(init: Parameters<typeof sampler>[0], draws = 40_000): number[] {
  const sample = sampler(init)
  const generator = random('sampler')
  const counts = new Array<number>(logits.length).fill(0)
  for (let i = 0; i < draws; i++) counts[sample(logits, generator)]! += 1 / draws
  return counts
}

function softmax(temperature: number, kept: readonly number[]): number[] {
  const weights = Array.from(logits, (logit, i) => (kept.includes(i) ? Math.exp(logit / temperature) : 0))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map(weight => weight / total)
}

test('draws from the softmax at its temperature', t => {
  for (const temperature of [0.5, 1, 2]) {
    const expected = softmax(temperature, [0, 1, 2, 3, 4])
    // Standard deviation of a frequency is at most 0.0025; four of them.
    for (const [i, share] of frequencies({ temperature }).entries()) t.true(Math.abs(share - expected[i]!) < 0.01)
  }
})

test('top-k draws from the k most probable only, ties in their order', t => {
  const share = frequencies({ temperature: 1, topK: 3 })
  const expected = softmax(1, [1, 3, 4])
  for (const i of [0, 2]) t.is(share[i], 0)
  for (const i of [1, 3, 4]) t.true(Math.abs(share[i]! - expected[i]!) < 0.01)
  t.is(sampler({ topK: 1 })(logits, random(0)), 1)
})

test('temperature 0 takes the most probable and draws nothing', t => {
  const generator = random(0)
  const before = generator.save()
  t.is(sampler({ temperature: 0 })(logits, generator), 1)
  t.deepEqual(generator.save(), before)
})

test('huge logits do not overflow, infinite and NaN ones are never drawn', t => {
  const sample = sampler({ temperature: 1 })
  t.is(sample(Float32Array.from([Number.NaN, 3e38, -3e38, Number.NEGATIVE_INFINITY]), random(0)), 1)
  const generator = random(1)
  const drawn = Array.from({ length: 100 }, () => sample(Float32Array.from([1000, 1000]), generator))
  t.deepEqual([...new Set(drawn)].toSorted(), [0, 1])
  t.throws(() => sample(Float32Array.from([Number.NaN, Number.NaN]), random(0)), { code: 'VALUES_INVALID' })
})

test('options are checked', t => {
  t.throws(() => sampler({ temperature: -1 }), { message: 'Expected `temperature` to be a number >= 0, got -1' })
  t.throws(() => sampler({ topK: 1.5 }), { message: 'Expected `topK` to be an integer >= 0, got 1.5' })
})
