import test from 'ava'
import { MurmurError } from '../../src/core/errors.ts'
import { random } from '../../src/core/random.ts'
import { sumOfSquares } from '../../src/core/vector.ts'
import {
  BOUND_BLOCK,
  boundsLength,
  type Codec,
  type DeltaCodec,
  type Encoding,
  MAX_CHUNK_BYTES,
} from '../../src/exchange/compression/codec.ts'

const LENGTHS = [0, 1, 3, 255, 256, 257, 1000, 70_001, 200_000]

/** @param bytesPerValue at most this many, for long vectors */
interface Size {
  bytesPerValue: number
}

/** What every codec of values must do. */
export function codecSuite(name: string, codec: Codec, size: Size): void {
  encodingSuite(name, codec, size)
  const { coded } = codingBy(codec)

  test(`${name}: decoding and encoding again changes nothing`, t => {
    const once = coded(noise(10_000))
    t.deepEqual(coded(once), once)
  })

  test(`${name}: zeros, subnormals and the largest values survive`, t => {
    for (const value of [0, 1e-45, 1e-40, 3.4028234663852886e38, -3.4028234663852886e38]) {
      const values = new Float32Array(300).fill(value)
      t.deepEqual(coded(values), values)
    }
  })
}

/** What every codec of deltas must do. @param left squared norm of what is left out, at most this share of the whole */
export function deltaCodecSuite(name: string, codec: DeltaCodec, { left, ...size }: Size & { left: number }): void {
  encodingSuite(name, codec, size)
  const { coded } = codingBy(codec)

  test(`${name}: contracts: what it leaves out is smaller than the whole`, t => {
    const stream = random(name)
    const values = Float32Array.from({ length: 20_000 }, () => stream.normal())
    const sent = coded(values)
    const share = sumOfSquares(values.map((value, i) => value - sent[i]!)) / sumOfSquares(values)
    t.true(share <= left, `${share}`)
  })

  test(`${name}: nothing comes of nothing`, t => {
    t.deepEqual(coded(new Float32Array(700)), new Float32Array(700))
  })
}

function noise(length: number, seed = length): Float32Array<ArrayBuffer> {
  const stream = random(seed)
  return Float32Array.from({ length }, () => stream.normal() * 10 ** (stream.next() * 8 - 4))
}

function codingBy(codec: Encoding) {
  const encoded = (values: Float32Array) => Buffer.concat([...codec.encode(values)])
  const decoded = (bytes: Uint8Array, length: number, bounds?: Float32Array) => {
    const into = new Float32Array(length).fill(5)
    const decoder = codec.decoder(into, bounds)
    decoder.write(bytes)
    decoder.end()
    return into
  }
  return { encoded, decoded, coded: (values: Float32Array) => decoded(encoded(values), values.length) }
}

function encodingSuite(name: string, codec: Encoding, { bytesPerValue }: Size): void {
  const { encoded, decoded } = codingBy(codec)
  const refusal = (code: string) => ({ instanceOf: MurmurError, code })

  test(`${name}: the encoded length is as announced, in bounded chunks`, t => {
    for (const length of LENGTHS) {
      const chunks = [...codec.encode(noise(length))]
      t.is(
        chunks.reduce((sum, chunk) => sum + chunk.length, 0),
        codec.encodedLength(length),
      )
      t.true(chunks.every(chunk => chunk.length > 0 && chunk.length <= MAX_CHUNK_BYTES))
    }
    t.true(codec.encodedLength(1_000_000) <= 1_000_000 * bytesPerValue)
  })

  test(`${name}: chunks own their memory`, t => {
    const values = noise(200_000)
    const chunks: Uint8Array[] = []
    const copies: Uint8Array[] = []
    for (const chunk of codec.encode(values)) {
      chunks.push(chunk)
      copies.push(chunk.slice())
    }
    values.fill(7)
    t.deepEqual(Buffer.concat(chunks), Buffer.concat(copies))
    t.is(new Set(chunks.map(chunk => chunk.buffer)).size, chunks.length)
  })

  test(`${name}: errors stay within the announced bounds`, t => {
    for (const length of LENGTHS) {
      const values = noise(length)
      const bounds = new Float32Array(boundsLength(length)).fill(Number.NaN)
      const result = decoded(encoded(values), length, bounds)
      const worst = values.findIndex(
        (value, i) => !(Math.abs(value - result[i]!) <= bounds[Math.floor(i / BOUND_BLOCK)]!),
      )
      t.is(worst, -1, `value ${worst} of ${length}: ${values[worst]} became ${result[worst]}`)
    }
  })

  test(`${name}: bytes may be cut anywhere`, t => {
    const values = noise(3000)
    const bytes = encoded(values)
    const whole = decoded(bytes, 3000)
    const stream = random('cuts')
    for (const longest of [1, 2, 3, 5, 257, 1000, 5000]) {
      const into = new Float32Array(3000)
      const decoder = codec.decoder(into)
      for (let at = 0; at < bytes.length; ) {
        const next = at + 1 + stream.integer(longest)
        decoder.write(bytes.subarray(at, next))
        at = next
      }
      decoder.end()
      t.deepEqual(into, whole, `pieces of at most ${longest} bytes`)
    }
  })

  test(`${name}: decodes at any offset of shared memory`, t => {
    const values = noise(700)
    const shared = new Float32Array(new SharedArrayBuffer(4 * 1000)).fill(5)
    const decoder = codec.decoder(shared.subarray(100, 800))
    decoder.write(encoded(values))
    decoder.end()
    t.deepEqual(shared.slice(100, 800), decoded(encoded(values), 700))
    t.true(shared.subarray(0, 100).every(value => value === 5) && shared.subarray(800).every(value => value === 5))
  })

  test(`${name}: refuses too few and too many bytes`, t => {
    const bytes = encoded(noise(1000))
    t.throws(() => decoded(bytes.subarray(0, -1), 1000), refusal('MESSAGE_INVALID'))
    t.throws(() => decoded(bytes, 900), refusal('MESSAGE_INVALID'))
    t.throws(() => decoded(bytes, 0), refusal('MESSAGE_INVALID'))
    t.throws(() => decoded(new Uint8Array(0), 1), refusal('MESSAGE_INVALID'))
  })

  test(`${name}: neither sends nor accepts NaN and infinity`, t => {
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      for (const at of [0, 255, 256, 999]) {
        const values = noise(1000)
        values[at] = bad
        t.throws(() => encoded(values), refusal('VALUES_INVALID'))
      }
    }
    const bytes = new Uint8Array(codec.encodedLength(1000)).fill(0xff) // every float in it is a NaN
    t.throws(() => decoded(bytes, 1000), refusal('VALUES_INVALID'))
    const infinite = new Uint8Array(encoded(noise(256)))
    new DataView(infinite.buffer).setFloat32(0, Infinity, true) // a value of float32, the scale of int8
    t.throws(() => decoded(infinite, 256), refusal('VALUES_INVALID'))
  })
}
