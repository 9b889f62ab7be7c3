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
  let squares = 0
  for (let at = start; at < end; ) {
    const blockEnd = Math.min(at - (at % BOUND_BLOCK) + BOUND_BLOCK, end)
    const bound = errorBounds[Math.floor(at / BOUND_BLOCK)]!
    squares += bound === 0 ? exactBlock(received, own, at, blockEnd) : boundedBlock(received, own, bound, at, blockEnd)
    at = blockEnd
  }
  return squares
}

/** What `boundedBlock` comes to without a bound; five times as fast without its branches. */
function exactBlock(received: Float32Array, own: Float32Array, start: number, end: number): number {
  let squares = 0
  for (let i = start; i < end; i++) {
    const full = own[i]! - received[i]!
    received[i] = full * 0.5
    squares += full * full
  }
  return squares
}

function boundedBlock(received: Float32Array, own: Float32Array, bound: number, start: number, end: number): number {
  let squares = 0
  for (let i = start; i < end; i++) {
    const full = firm(own[i]! - received[i]!, bound)
    received[i] = full * 0.5
    squares += full * full
  }
  return squares
}

function firm(difference: number, bound: number): number {
  const magnitude = Math.abs(difference)
  if (magnitude >= 2 * bound) return difference
  if (magnitude <= bound) return 0
  const shrunk = 2 * (magnitude - bound)
  return difference < 0 ? -shrunk : shrunk
}
