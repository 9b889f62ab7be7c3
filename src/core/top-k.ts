import { simdFor } from './arena.ts'

/** Magnitudes are counted by their upper 16 bits, then those of one such class by their lower 15. */
const UPPER = 2 ** 16
const LOWER_BITS = 15
const LOWER = 2 ** LOWER_BITS
const MAGNITUDE_BITS = 0x7fffffff

/**
 * Fills `into` with the indices of the `into.length` values of largest magnitude, in ascending order; of equal ones the
 * first count. Two passes of counting by the floats' bits, which are in the order of the magnitudes, find the smallest one
 * that is in, a third collects (radix selection; Alabi et al. 2012). NaN counts as larger than infinity.
 * @throws RangeError if `into` is longer than `values`
 */
export function topK(values: Float32Array, into: Uint32Array): void {
  if (into.length > values.length) throw new RangeError(`Expected at most ${values.length} places, got ${into.length}`)
  if (into.length === 0) return
  const simd = simdFor(into.length, values, into)
  if (simd) {
    const { loops, scratch } = simd
    loops.topK(values.byteOffset, values.length, into.length, into.byteOffset, scratch.byteOffset)
  } else {
    topKPlainly(new Int32Array(values.buffer, values.byteOffset, values.length), into)
  }
}

function topKPlainly(values: Int32Array, into: Uint32Array): void {
  const uppers = new Int32Array(UPPER)
  for (let i = 0; i < values.length; i++) uppers[(values[i]! & MAGNITUDE_BITS) >>> LOWER_BITS]! += 1
  const upper = classOf(uppers, into.length)
  const lowers = new Int32Array(LOWER)
  for (let i = 0; i < values.length; i++) {
    const magnitude = values[i]! & MAGNITUDE_BITS
    if (magnitude >>> LOWER_BITS === upper.at) lowers[magnitude & (LOWER - 1)]! += 1
  }
  const lower = classOf(lowers, upper.left)
  const threshold = (upper.at << LOWER_BITS) | lower.at
  let ties = lower.left
  let next = 0
  for (let i = 0; i < values.length; i++) {
    const magnitude = values[i]! & MAGNITUDE_BITS
    if (magnitude > threshold || (magnitude === threshold && ties-- > 0)) into[next++] = i
  }
}

/** The class of the k-th value from above, and how many of it are within the first k. */
function classOf(counts: Int32Array, k: number): { at: number; left: number } {
  let left = k
  let at = counts.length - 1
  for (; counts[at]! < left; at--) left -= counts[at]!
  return { at, left }
}
