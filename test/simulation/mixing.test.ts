import test from 'ava'
import { random } from '../../src/core/random.ts'
import { consensusDistance } from '../../src/core/vector.ts'
import { boundsLength, type Codec } from '../../src/exchange/compression/codec.ts'
import { codecs } from '../../src/exchange/compression/codecs.ts'
import { halfCorrection } from '../../src/exchange/pairing/correction.ts'
import { randomMatching } from '../../src/exchange/topology/matching.ts'

function coded(values: Float32Array, codec: Codec, bounds?: Float32Array): Float32Array {
  const into = new Float32Array(values.length)
  const decoder = codec.decoder(into, bounds)
  for (const chunk of codec.encode(values)) decoder.write(chunk)
  decoder.end()
  return into
}

/** One exchange as the protocol does it, without the protocol. */
function mix(a: Float32Array, b: Float32Array, codec: Codec): void {
  const bounds = new Float32Array(boundsLength(a.length))
  const received = coded(a, codec, bounds)
  halfCorrection(received, b, bounds)
  const delta = coded(received, codec)
  for (let i = 0; i < a.length; i++) {
    a[i] = a[i]! + delta[i]!
    b[i] = b[i]! - delta[i]!
  }
}

/** ALGORITHMS check 3: E[Xi after / Xi before] of one round of random matching. */
for (const [n, expected] of [
  [2, 0],
  [4, 2 / 6],
  [5, 1 / 2],
  [8, 6 / 14],
  [16, 14 / 30],
  [64, 62 / 126],
] as const) {
  test(`a random matching of ${n} contracts disagreement by ${expected.toFixed(3)}`, t => {
    const stream = random(`lambda-${n}`)
    const members = Array.from({ length: n }, (_, i) => `peer-${i}`)
    let before = 0
    let after = 0
    for (let trial = 0; trial < 1000; trial++) {
      const vectors = new Map(members.map(id => [id, Float32Array.from({ length: 16 }, () => stream.normal())]))
      const all = [...vectors.values()]
      before += consensusDistance(all)
      for (const [a, b] of randomMatching(members, 'seed', trial)) {
        mix(vectors.get(a)!, vectors.get(b)!, codecs.float32)
      }
      after += consensusDistance(all)
    }
    const lambda = after / before
    t.true(n === 2 ? lambda < 1e-9 : Math.abs(lambda / expected - 1) < 0.1, `lambda ${lambda}, expected ${expected}`)
  })
}

/** Root mean square disagreement per coordinate after mixing, with local drift of `drift` a round. */
function steadyDisagreement(codec: Codec, drift: number): number {
  const stream = random('steady')
  const [n, length, rounds] = [8, 1024, 120]
  const members = Array.from({ length: n }, (_, i) => `peer-${i}`)
  const start = Float32Array.from({ length }, () => 0.02 * stream.normal())
  const vectors = new Map(members.map(id => [id, start.map(value => value + 1e-4 * stream.normal())]))
  const all = [...vectors.values()]
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    for (const vector of all) {
      for (let i = 0; i < length; i++) vector[i] = vector[i]! + drift * stream.normal()
    }
    for (const [a, b] of randomMatching(members, 'steady', round)) mix(vectors.get(a)!, vectors.get(b)!, codec)
    if (round >= rounds / 2) sum += consensusDistance(all) / length
  }
  return Math.sqrt(sum / (rounds / 2))
}

test('int8 costs nothing where peers drift, and stays below its own step where they do not', t => {
  const step = (0.02 * 3.5) / 127 // of a block of 256 normal values of standard deviation 0.02
  const drifting = steadyDisagreement(codecs.int8, 2e-3) / steadyDisagreement(codecs.float32, 2e-3)
  t.true(drifting < 1.02, `int8 / float32 = ${drifting}`)
  const still = steadyDisagreement(codecs.int8, 0)
  t.true(still < step / 8, `${still} against a step of ${step}`)
})

test('float16 costs nothing anywhere; int4 leaves a part of its own step, whatever the drift', t => {
  t.true(steadyDisagreement(codecs.float16, 1e-4) / steadyDisagreement(codecs.float32, 1e-4) < 1.01)
  const step = (0.02 * 2.4) / 7 // of a block of 64 normal values
  t.true(steadyDisagreement(codecs.int4, 0) < step / 50)
  t.true(steadyDisagreement(codecs.int4, 1e-3) < step / 3)
})
