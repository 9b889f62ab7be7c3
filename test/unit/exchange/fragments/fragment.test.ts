import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { int8 } from '../../../../src/exchange/compression/int8.ts'
import { decodeFragment, encodeFragment, MAX_FRAGMENT_VALUES } from '../../../../src/exchange/fragments/fragment.ts'
import { MAX_PUBLISH_BYTES } from '../../../../src/network/transport.ts'

const values = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))

test('a fragment survives the wire; the largest may be published', t => {
  const biggest = Number.MAX_SAFE_INTEGER
  for (const [start, length] of [
    [0, 1],
    [7, 1000],
    [biggest - MAX_FRAGMENT_VALUES, MAX_FRAGMENT_VALUES],
  ] as const) {
    const data = encodeFragment({ step: biggest, start }, values(length))
    t.true(data.length <= MAX_PUBLISH_BYTES)
    const fragment = decodeFragment(data, biggest)
    t.like(fragment, { step: biggest, start, length })
    const decoded = new Float32Array(length)
    const decoder = int8.decoder(decoded)
    decoder.write(fragment!.encoded)
    decoder.end()
    t.true(decoded.every((value, i) => Math.abs(value - Math.sin(i)) <= 1 / 254 + 1e-6))
  }
  t.true(int8.encodedLength(MAX_FRAGMENT_VALUES) > MAX_PUBLISH_BYTES - 600)
})

test('what is no fragment of the shard is none', t => {
  const data = encodeFragment({ step: 3, start: 10 }, values(20))
  t.is(decodeFragment(data, 29), undefined) // beyond the shard
  t.is(decodeFragment(data.subarray(0, -1), 100), undefined)
  t.is(decodeFragment(Uint8Array.of(...data, 0), 100), undefined)
  t.is(decodeFragment(new Uint8Array(MAX_PUBLISH_BYTES + 1), 100), undefined)
  t.is(decodeFragment(new Uint8Array(0), 100), undefined)
  t.is(decodeFragment(Uint8Array.of(255, 255, 1), 100), undefined)
  const head = (text: string) => {
    const bytes = new TextEncoder().encode(text)
    return Uint8Array.of(bytes.length, 0, ...bytes, ...new Uint8Array(int8.encodedLength(1)))
  }
  const good = { version: 1, step: 1, start: 0, length: 1 }
  t.truthy(decodeFragment(head(JSON.stringify(good)), 1))
  for (const wrong of [{ version: 2 }, { step: -1 }, { start: 0.5 }, { start: -1 }, { length: 0 }, { length: null }])
    t.is(decodeFragment(head(JSON.stringify({ ...good, ...wrong })), 1), undefined, JSON.stringify(wrong))
  t.is(decodeFragment(head('{'), 1), undefined)
})

test('no bytes at all make it throw', t => {
  const stream = random('garbage')
  const valid = encodeFragment({ step: 3, start: 10 }, values(300))
  for (let i = 0; i < 500; i++) {
    const data = i % 2 === 0 ? valid.slice() : new Uint8Array(stream.integer(300))
    for (let k = 0; k < 5; k++) data[stream.integer(Math.max(1, data.length))] = stream.integer(256)
    t.notThrows(() => decodeFragment(data, 1000))
  }
})
