import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { float16 } from '../../../../src/exchange/compression/float16.ts'

function coded(values: Float32Array, bounds?: Float32Array): Float32Array {
  const into = new Float32Array(values.length)
  const decoder = float16.decoder(into, bounds)
  for (const chunk of float16.encode(values)) decoder.write(chunk)
  decoder.end()
  return into
}

test('a block is its largest magnitude and a half a value, in units of its 32768th part', t => {
  const bytes = [...float16.encode(Float32Array.of(0, 2, -1, 2 / 32768))]
  t.deepEqual([...bytes[0]!], [0, 0, 0, 0x40, 0, 0, 0, 0x78, 0, 0xf4, 0, 0x3c])
})

test('neither large nor small values are lost: 11 bits each', t => {
  for (const size of [1e30, 70_000, 1, 1e-6, 1e-30]) {
    const values = Float32Array.from({ length: 256 }, (_, i) => size * (1 + Math.sin(i)) * (i % 7 === 0 ? 1e-4 : 1))
    const result = coded(values)
    const worst = values.findIndex((value, i) => !(Math.abs(value - result[i]!) <= value * 2 ** -11))
    t.is(worst, -1, `${values[worst]} became ${result[worst]}`)
  }
})

test('subnormal values keep their bounds and are coded again as they are', t => {
  const stream = random('subnormal')
  for (let exponent = -149; exponent < -120; exponent++) {
    const values = Float32Array.from({ length: 256 }, () => stream.normal() * 2 ** exponent)
    const bounds = new Float32Array(1)
    const once = coded(values, bounds)
    t.true(values.every((value, i) => Math.abs(value - once[i]!) <= bounds[0]!))
    t.deepEqual(coded(once), once)
  }
})

test('a half that no encoder writes is refused', t => {
  const beyond = [0x01, 0x78] // the next number above the unit
  for (const half of [beyond, [0x00, 0x7c], [0x01, 0x7e], [0x00, 0xfc]]) {
    const bytes = Uint8Array.of(0, 0, 0x80, 0x3f, ...half)
    t.throws(() => float16.decoder(new Float32Array(1)).write(bytes), { code: 'VALUES_INVALID' })
  }
})
