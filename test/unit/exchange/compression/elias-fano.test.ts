import test from 'ava'
import { decodePlaces, encodePlaces, placesLength } from '../../../../src/exchange/compression/elias-fano.ts'
import { randomPlaces } from '../../../../src/exchange/compression/random-places.ts'

test('places come back, in as many bytes as k and n say', t => {
  for (const n of [1, 2, 7, 64, 1000, 4096, 1_000_000, 2 ** 32 - 1]) {
    for (const k of [0, 1, 2, 7, 64, 500, 1000]) {
      if (k > n) continue
      for (const places of [randomPlaces(k, n, n), Uint32Array.from({ length: k }, (_, i) => n - k + i)]) {
        const bytes = encodePlaces(places, n)
        t.is(bytes.length, placesLength(k, n))
        t.deepEqual(decodePlaces(bytes, k, n), places)
      }
    }
  }
})

test('takes less than a bitmap and less than 32 bits a place', t => {
  t.is(placesLength(1000, 100_000), 1071) // 8.6 bits a place; the least possible is 8.1
  for (const k of [10, 100, 1000, 10_000]) {
    t.true(placesLength(k, 100_000) < 100_000 / 8)
    t.true(placesLength(k, 100_000) < 4 * k)
  }
})

test('what no encoder writes is refused', t => {
  const refusal = { code: 'MESSAGE_INVALID', message: /^Expected 20 ascending places below 100$/ }
  const bytes = encodePlaces(
    Uint32Array.from({ length: 20 }, (_, i) => 5 * i),
    100,
  )
  t.throws(
    () =>
      decodePlaces(
        bytes.map(() => 0),
        20,
        100,
      ),
    refusal,
  )
  t.throws(
    () =>
      decodePlaces(
        bytes.map(() => 0xff),
        20,
        100,
      ),
    refusal,
  )
  let refused = 0
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const damaged = bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    try {
      const places = decodePlaces(damaged, 20, 100)
      t.true(places.every((place, i) => place < 100 && (i === 0 || place > places[i - 1]!)))
    } catch (error) {
      t.like(error, { code: 'MESSAGE_INVALID' })
      refused += 1
    }
  }
  t.true(refused > 8)
})

test('places that repeat or lie beyond the end are refused', t => {
  t.deepEqual([...encodePlaces(Uint32Array.of(0, 2), 4)], [0b00, 0b101])
  t.throws(() => decodePlaces(Uint8Array.of(0b00, 0b011), 2, 4), { message: 'Expected 2 ascending places below 4' })
  t.deepEqual([...encodePlaces(Uint32Array.of(2), 3)], [0b0, 0b10])
  t.throws(() => decodePlaces(Uint8Array.of(0b1, 0b10), 1, 3), { message: 'Expected 1 ascending places below 3' })
})
