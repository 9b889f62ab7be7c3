import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { int4 } from '../../../../src/exchange/compression/int4.ts'

function coded(values: Float32Array, bounds?: Float32Array): Float32Array {
  const into = new Float32Array(values.length)
  const decoder = int4.decoder(into, bounds)
  for (const chunk of int4.encode(values)) decoder.write(chunk)
  decoder.end()
  return into
}

test('a block is its largest magnitude and four bits a value, the first in the lower half', t => {
  const bytes = [...int4.encode(Float32Array.of(7, -7, 3.6, 0.5, -1.4))]
  t.deepEqual([...bytes[0]!], [0, 0, 0xe0, 0x40, 0x97, 0x04, 0x0f])
})

test('an outlier spoils its own 64 values only; the bound is the worst of its 256', t => {
  const values = Float32Array.from({ length: 512 }, (_, i) => (i === 70 ? 1e6 : 1))
  const bounds = new Float32Array(2)
  const result = coded(values, bounds)
  t.is(result[70], 1e6)
  t.is(result.filter(value => value === 0).length, 63)
  t.true(bounds[0]! >= 1e6 / 14 && bounds[0]! < 1e6 / 13.9)
  t.true(bounds[1]! >= 1 / 14 && bounds[1]! < 1 / 13.9)
})

test('subnormal values keep their bounds and are coded again as they are', t => {
  const stream = random('subnormal')
  for (let exponent = -149; exponent < -120; exponent++) {
    const values = Float32Array.from({ length: 64 }, () => stream.normal() * 2 ** exponent)
    const bounds = new Float32Array(1)
    const once = coded(values, bounds)
    t.true(values.every((value, i) => Math.abs(value - once[i]!) <= bounds[0]!))
    t.deepEqual(coded(once), once)
  }
})

test('a level that no encoder writes is refused', t => {
  const bytes = Uint8Array.of(0, 0, 0x80, 0x3f, 0x08)
  t.throws(() => int4.decoder(new Float32Array(2)).write(bytes), { code: 'VALUES_INVALID' })
})
