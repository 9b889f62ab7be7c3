import test from 'ava'
import { int8 } from '../../../../src/exchange/compression/int8.ts'

test('a block is its largest magnitude and a signed byte a value', t => {
  const bytes = [...int8.encode(Float32Array.of(0, 127, -127, 63.6, -1.4))]
  t.is(bytes.length, 1)
  t.deepEqual([...bytes[0]!], [0, 0, 0xfe, 0x42, 0, 127, 0x81, 64, 0xff])
})

test('an outlier spoils its own block only', t => {
  const values = Float32Array.from({ length: 512 }, (_, i) => (i === 3 ? 1e6 : 0.5 + (i % 7) / 100))
  const into = new Float32Array(512)
  const decoder = int8.decoder(into)
  for (const chunk of int8.encode(values)) decoder.write(chunk)
  t.is(into[3], 1e6)
  t.is(into[4], 0)
  t.true(into.subarray(256).every((value, i) => Math.abs(value - values[256 + i]!) <= 0.56 / 254 + 1e-7))
})

test('a negative scale is no scale', t => {
  const bytes = new Uint8Array(int8.encodedLength(1))
  new DataView(bytes.buffer).setFloat32(0, -1, true)
  t.throws(() => int8.decoder(new Float32Array(1)).write(bytes), { code: 'VALUES_INVALID' })
})
