import { scaledBlocks } from './scaled-blocks.ts'

/**
 * Values that share a scale: as in QLoRA (Dettmers et al. 2023, arXiv:2305.14314). With so few levels a small block pays:
 * 4 bytes of scale cost 12%, and the largest of 64 normal values is a fifth smaller than that of 256.
 */
const BLOCK = 64
const LEVELS = 7
/** What single precision may add to the error, relative to the largest value. */
const ROUNDING = 2 ** -23
/** Adding it to a small number rounds that to the nearest integer, ties to even. */
const ROUNDER = 1.5 * 2 ** 52

/**
 * Blocks of 64 values: the largest magnitude m as a little-endian float32, then four bits q a value, -7 to 7, which
 * mean q m / 7; the first of two in the lower half of a byte. Rounds to nearest: |error| <= m / 14. Zeros and the
 * block's largest value survive exactly, so coding is idempotent.
 */
export const int4 = scaledBlocks({
  block: BLOCK,
  bytesOf: count => Math.ceil(count / 2),
  encode(values, start, end, largest, bytes, at) {
    if (largest === 0) return
    for (let i = start; i < end; i++) {
      const level = (values[i]! * LEVELS) / largest + ROUNDER - ROUNDER
      bytes[at + ((i - start) >> 1)]! |= (level & 15) << (4 * ((i - start) & 1))
    }
  },
  decode(bytes, at, largest, into, start, end) {
    for (let i = start; i < end; i++) {
      const byte = bytes[at + ((i - start) >> 1)]!
      const level = (i - start) & 1 ? (byte << 24) >> 28 : (byte << 28) >> 28
      if (level < -LEVELS) return i
      into[i] = (level * largest) / LEVELS
    }
    return -1
  },
  boundOf: largest => largest * (0.5 / LEVELS + ROUNDING),
})
