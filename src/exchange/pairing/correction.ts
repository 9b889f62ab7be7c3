import { simdFor } from '../../core/arena.ts'
import { BOUND_BLOCK } from '../compression/codec.ts'

/**
 * Half of what separates `own` from a partner's values, known only up to coding errors; written over `received`.
 *
 * With e = own - received and h the block's error bound, the true difference lies within h of e. The correction is the
 * largest one along e that cannot widen it wherever it lies: 0 for |e| <= h, 2(|e| - h) up to 2h, e beyond (firm
 * shrinkage, Gao and Bruce 1997). Equal parameters stay equal under any codec, and no coordinate is pushed further
 * apart by coding noise. For a lossless codec h = 0 and the correction is e.
 *
 * @param received the partner's decoded values; becomes the half correction
 * @param errorBounds one bound per `BOUND_BLOCK` values
 * @returns the sum of the squared full corrections; NaN if `own` is not finite
 */
export function halfCorrection(
  received: Float32Array,
  own: Float32Array,
  errorBounds: Float32Array,
  start = 0,
  end = received.length,
): number {
  const simd = simdFor(end, received, own)
  const block = start / BOUND_BLOCK
  if (simd && Number.isInteger(block) && simdFor(Math.ceil(end / BOUND_BLOCK), errorBounds) === simd) {
    const [into, values, bounds] = [received.byteOffset, own.byteOffset, errorBounds.byteOffset]
    return simd.loops.halfCorrection(into + 4 * start, values + 4 * start, bounds + 4 * block, end - start)
  }
  let squares = 0
  for (let at = start; at < end; ) {
    const blockEnd = Math.min(at - (at % BOUND_BLOCK) + BOUND_BLOCK, end)
    squares += correctBlock(received, own, errorBounds[Math.floor(at / BOUND_BLOCK)]!, at, blockEnd)
    at = blockEnd
  }
  return squares
}

/** The reference of the loop in assembly/loops.ts: float32, four sums. */
function correctBlock(received: Float32Array, own: Float32Array, bound: number, start: number, end: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const whole = end - ((end - start) % 4)
  for (let i = start; i < whole; i += 4) {
    a += correct(received, own, bound, i)
    b += correct(received, own, bound, i + 1)
    c += correct(received, own, bound, i + 2)
    d += correct(received, own, bound, i + 3)
  }
  let rest = 0
  for (let i = whole; i < end; i++) rest += correct(received, own, bound, i)
  return a + c + (b + d) + rest
}

/** Returns the square of the correction. */
function correct(received: Float32Array, own: Float32Array, bound: number, i: number): number {
  const difference = Math.fround(own[i]! - received[i]!)
  const magnitude = Math.abs(difference)
  const beyond = Math.fround(2 * (magnitude - bound))
  const shrunk = Math.min(magnitude, Math.max(0, beyond))
  received[i] = (difference < 0 ? -shrunk : shrunk) * 0.5
  return shrunk * shrunk
}
