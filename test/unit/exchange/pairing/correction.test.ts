import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { boundsLength } from '../../../../src/exchange/compression/codec.ts'
import { codecs } from '../../../../src/exchange/compression/codecs.ts'
import { halfCorrection } from '../../../../src/exchange/pairing/correction.ts'

function exchanged(sent: Float32Array, own: Float32Array, codec: (typeof codecs)[keyof typeof codecs]) {
  const received = new Float32Array(sent.length)
  const bounds = new Float32Array(boundsLength(sent.length))
  const decoder = codec.decoder(received, bounds)
  for (const chunk of codec.encode(sent)) decoder.write(chunk)
  decoder.end()
  const squares = halfCorrection(received, own, bounds)
  return { half: received, bounds, squares }
}

test('without coding errors it is half the difference', t => {
  const { half, squares } = exchanged(Float32Array.of(1, 5, -2), Float32Array.of(3, 5, -8), codecs.float32)
  t.deepEqual(half, Float32Array.of(1, 0, -3))
  t.is(squares, 4 + 36)
})

test('equal parameters need none, whatever the codec', t => {
  const values = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i * i) * 10 ** (i % 9))
  for (const codec of Object.values(codecs)) {
    const { half, squares } = exchanged(values, values, codec)
    t.true(half.every(value => value === 0))
    t.is(squares, 0)
  }
})

for (const [name, codec] of Object.entries(codecs)) {
  test(`${name}: no coordinate is pushed further apart by coding noise`, t => {
    const stream = random('correction')
    for (const distance of [1e-4, 1e-3, 3e-3, 1e-2, 1e-1, 1]) {
      const sent = Float32Array.from({ length: 4096 }, () => stream.normal())
      const own = sent.map(value => value + distance * stream.normal())
      const { half } = exchanged(sent, own, codec)
      const wider = half.findIndex((d, i) => {
        const before = Math.abs(own[i]! - sent[i]!)
        return Math.abs(own[i]! - d - (sent[i]! + d)) > before * (1 + 1e-5) + 1e-6
      })
      t.is(wider, -1, `at distance ${distance}: ${own[wider]} and ${sent[wider]} got ${half[wider]}`)
    }
  })
}

test('beyond twice the bound the whole difference counts', t => {
  const received = Float32Array.of(0, 0, 0, 0)
  halfCorrection(received, Float32Array.of(0.9, 1.5, 2, -10), Float32Array.of(1))
  t.deepEqual(received, Float32Array.of(0, 0.5, 1, -5))
})

test('NaN shows in the sum of squares', t => {
  t.is(halfCorrection(Float32Array.of(0, 1), Float32Array.of(1, Number.NaN), Float32Array.of(0)), Number.NaN)
})

test('slices give what the whole gives', t => {
  const stream = random('slices')
  const own = Float32Array.from({ length: 1000 }, () => stream.normal())
  const sent = Float32Array.from({ length: 1000 }, () => stream.normal())
  const whole = sent.slice()
  const bounds = Float32Array.of(0.1, 0.2, 0.3, 0.4)
  const squares = halfCorrection(whole, own, bounds)
  let sum = 0
  for (const [start, end] of [
    [0, 100],
    [100, 512],
    [512, 1000],
  ] as const) {
    sum += halfCorrection(sent, own, bounds, start, end)
  }
  t.deepEqual(sent, whole)
  t.true(Math.abs(sum - squares) < 1e-9 * squares)
})
