import { MurmurError } from '../../core/errors.ts'

/**
 * Ascending places below `n` in about 2 + log2(n/k) bits each, half a bit more than the least possible, and of a length
 * that follows from their number k and n alone (Elias 1974; Fano 1971). Each place is split: the lower floor(log2(n/k))
 * bits as they are, then, for the rest, a bit at upper + rank. Both parts begin at a byte, lowest bit first.
 */
export function placesLength(k: number, n: number): number {
  if (k === 0) return 0
  const lower = lowerBits(k, n)
  return Math.ceil((k * lower) / 8) + Math.ceil(upperLength(k, n, lower) / 8)
}

/** @param places ascending, below `n` */
export function encodePlaces(places: Uint32Array, n: number): Uint8Array {
  const k = places.length
  const bytes = new Uint8Array(placesLength(k, n))
  const lower = lowerBits(k, n)
  const upperAt = 8 * Math.ceil((k * lower) / 8)
  const set = (bit: number) => {
    bytes[bit >>> 3]! |= 1 << (bit & 7)
  }
  for (let i = 0; i < k; i++) {
    const place = places[i]!
    for (let bit = 0; bit < lower; bit++) if ((place >>> bit) & 1) set(i * lower + bit)
    set(upperAt + (place >>> lower) + i)
  }
  return bytes
}

/** @throws MurmurError `MESSAGE_INVALID` unless these are `k` ascending places below `n` */
export function decodePlaces(bytes: Uint8Array, k: number, n: number): Uint32Array {
  const places = new Uint32Array(k)
  const lower = lowerBits(k, n)
  const upperAt = 8 * Math.ceil((k * lower) / 8)
  const isSet = (bit: number) => (bytes[bit >>> 3]! >>> (bit & 7)) & 1
  let found = 0
  let before = -1
  for (let bit = upperAt; bit < 8 * bytes.length; bit++) {
    if (!isSet(bit)) continue
    let place = (bit - upperAt - found) * 2 ** lower
    for (let low = 0; low < lower && found < k; low++) place += isSet(found * lower + low) * 2 ** low
    if (found === k || place <= before || place >= n) throw invalidPlaces(k, n)
    places[found++] = place
    before = place
  }
  if (found < k) throw invalidPlaces(k, n)
  return places
}

function lowerBits(k: number, n: number): number {
  let bits = 0
  while (k * 2 ** (bits + 1) <= n) bits += 1
  return bits
}

function upperLength(k: number, n: number, lower: number): number {
  return Math.floor((n - 1) / 2 ** lower) + k
}

function invalidPlaces(k: number, n: number): MurmurError {
  return new MurmurError({ code: 'MESSAGE_INVALID', message: `Expected ${k} ascending places below ${n}` })
}
