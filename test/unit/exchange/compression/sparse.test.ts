import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import type { Codec, Encoding } from '../../../../src/exchange/compression/codec.ts'
import { createDeltaCodec } from '../../../../src/exchange/compression/delta-codecs.ts'
import { randomPlaces } from '../../../../src/exchange/compression/random-places.ts'

function coded(codec: Encoding, values: Float32Array): Float32Array {
  const into = new Float32Array(values.length).fill(9)
  const decoder = codec.decoder(into)
  for (const chunk of codec.encode(values)) decoder.write(chunk)
  decoder.end()
  return into
}

test('top-k keeps the largest magnitudes, exactly with float32 values', t => {
  const codec = createDeltaCodec({ codec: 'top-k', fraction: 0.25, values: 'float32' })
  const values = Float32Array.of(1, -8, 2, 0.5, 7, 3, -1, 0)
  t.deepEqual(coded(codec, values), Float32Array.of(0, -8, 0, 0, 7, 0, 0, 0))
  t.is(coded(codec, Float32Array.of(0, 3, 0))[1], 3) // at least one
})

test('random-k keeps the same places on both sides, others by another seed, each as often', t => {
  const codec = (seed: number) => createDeltaCodec({ codec: 'random-k', fraction: 0.2, values: 'float32', seed })
  const values = Float32Array.from({ length: 50 }, (_, i) => i + 1)
  t.deepEqual(coded(codec(3), values), coded(codec(3), values))
  const counts = new Array<number>(50).fill(0)
  for (let seed = 0; seed < 1000; seed++) {
    const sent = coded(codec(seed), values)
    t.is(sent.filter(value => value !== 0).length, 10)
    for (const [i, value] of sent.entries()) {
      if (value === 0) continue
      t.is(value, values[i]!)
      counts[i]! += 1
    }
  }
  // Binomial(1000, 1/5): five standard deviations are 63.
  t.true(counts.every(count => Math.abs(count - 200) < 64))
})

test('a single random place is any of three', t => {
  const counts = [0, 0, 0]
  for (let seed = 0; seed < 1000; seed++) counts[randomPlaces(1, 3, seed)[0]!]! += 1
  // Binomial(1000, 1/3): five standard deviations are 75.
  t.true(counts.every(count => Math.abs(count - 333) < 75))
})

test('random places are different and ascending', t => {
  for (const [k, n] of [
    [0, 0],
    [5, 5],
    [1, 9],
    [300, 1000],
  ] as const) {
    const places = randomPlaces(k, n, 'seed')
    t.is(places.length, k)
    t.true(places.every((place, i) => place < n && (i === 0 || place > places[i - 1]!)))
  }
})

test('1% with int8 values takes a two-hundredth of float32', t => {
  const codec = createDeltaCodec({ codec: 'top-k', fraction: 0.01 })
  t.true(codec.encodedLength(1_000_000) < (4 * 1_000_000) / 189)
})

test('who takes values cannot be given a codec of deltas', t => {
  const takesValues = (codec: Codec) => codec.deltasOnly
  const deltas = createDeltaCodec({ codec: 'top-k', fraction: 0.5 })
  // @ts-expect-error: the compiler refuses it
  t.true(takesValues(deltas))
})

test('damaged places are refused before anything is written', t => {
  const codec = createDeltaCodec({ codec: 'top-k', fraction: 0.1, values: 'float32' })
  const bytes = Buffer.concat([...codec.encode(Float32Array.from({ length: 100 }, () => random(1).normal()))])
  const into = new Float32Array(100).fill(9)
  const decoder = codec.decoder(into)
  decoder.write(bytes.fill(0xff, 40))
  t.throws(() => decoder.end(), { code: 'MESSAGE_INVALID' })
  t.true(into.every(value => value === 9))
})

test('options are checked', t => {
  for (const fraction of [0, -1, 1.01, Number.NaN]) {
    t.throws(() => createDeltaCodec({ codec: 'top-k', fraction }), {
      code: 'SPECIFICATION_INVALID',
      message: `Expected \`fraction\` to be a number > 0 and <= 1, got ${fraction}`,
    })
  }
})
