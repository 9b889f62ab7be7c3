import { BOUND_BLOCK } from './codec.ts'
import { scaledBlocks } from './scaled-blocks.ts'

/** The block's largest magnitude in halves: the largest power of two they have, for the most room below. */
const UNIT = 2 ** 15
/** Half a unit in the last of the 11 bits, of the largest; and what single precision adds. */
const ROUNDING = 2 ** -12 + 2 ** -23

/** One half and its bits. */
const half = new Float16Array(1)
const bits = new Uint16Array(half.buffer)

/**
 * Blocks of 256 values: the largest magnitude m as a little-endian float32, then one IEEE 754 half precision number h a
 * value, which means m h / 2^15. Plain halves would turn what exceeds 65504 into infinity, and deltas, which are often
 * below 6e-5, into subnormals of few bits; with a scale a block neither can happen: values down to m / 2^29 keep 11
 * bits. 4 bytes for 256 values cost 0.8%.
 *
 * |error| <= 2^-11 |value|, and at most m / 4096: the one bound that is announced.
 */
export const float16 = scaledBlocks({
  block: BOUND_BLOCK,
  bytesOf: count => 2 * count,
  encode(values, start, end, largest, bytes, at) {
    for (let i = start; i < end; i++) {
      half[0] = largest === 0 ? 0 : (values[i]! / largest) * UNIT
      bytes[at++] = bits[0]! & 0xff
      bytes[at++] = bits[0]! >> 8
    }
  },
  decode(bytes, at, largest, into, start, end) {
    for (let i = start; i < end; i++, at += 2) {
      bits[0] = bytes[at]! | (bytes[at + 1]! << 8)
      const units = half[0]!
      if (!(Math.abs(units) <= UNIT)) return i
      into[i] = largest * (units / UNIT)
    }
    return -1
  },
  boundOf: largest => largest * ROUNDING,
})
