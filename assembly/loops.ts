/**
 * The loops over parameter vectors in WebAssembly SIMD, for the vectors of an arena (src/core/arena.ts). Addresses are
 * bytes, counts are float32 values; nothing needs alignment. Every loop has its reference in TypeScript where it is
 * called, which computes the same bits: the same float32 operations in the same order, and sums in the same lanes.
 *
 * AssemblyScript, without its runtime: `npm run simd` compiles it into src/core/simd/module.ts.
 */

/** Values that share a scale in an int8 encoding, and an error bound in a correction. */
const BLOCK: i32 = 256
const INFINITY_BITS: i32 = 0x7f800000
const MAGNITUDE_BITS: i32 = 0x7fffffff

// What every lane is combined with inside a loop. Exported variables, for V8 (13.6) makes a vector of constants anew in each
// round, which takes longer than what is done with it; a variable's it keeps in a register.
/** All bits but the sign. */
export let magnitudes: i32 = MAGNITUDE_BITS
export let signs: i32 = i32.MIN_VALUE
export let lowestBytes: i32 = 0xff
export let half: f32 = 0.5
/** Adding it to a number of magnitude below 2^22 leaves the nearest integer, ties to even, in the lowest bits. */
export let rounder: f32 = 12582912 // 1.5 * 2^23

/** See src/compute/optim/adamw.ts. */
export function adamw(
  parameters: usize,
  gradients: usize,
  moment1: usize,
  moment2: usize,
  count: i32,
  scale: f32,
  beta1: f32,
  gain1: f32,
  beta2: f32,
  gain2: f32,
  epsilon: f32,
  rate: f32,
  decay: f32,
): void {
  const scales = f32x4.splat(scale)
  const betas1 = f32x4.splat(beta1)
  const gains1 = f32x4.splat(gain1)
  const betas2 = f32x4.splat(beta2)
  const gains2 = f32x4.splat(gain2)
  const epsilons = f32x4.splat(epsilon)
  const rates = f32x4.splat(rate)
  const decays = f32x4.splat(decay)
  for (; count >= 4; count -= 4) {
    const g = f32x4.mul(v128.load(gradients), scales)
    const m = f32x4.add(f32x4.mul(betas1, v128.load(moment1)), f32x4.mul(gains1, g))
    const v = f32x4.add(f32x4.mul(betas2, v128.load(moment2)), f32x4.mul(f32x4.mul(gains2, g), g))
    const w = v128.load(parameters)
    v128.store(moment1, m)
    v128.store(moment2, v)
    const direction = f32x4.div(f32x4.mul(rates, m), f32x4.add(f32x4.sqrt(v), epsilons))
    v128.store(parameters, f32x4.sub(w, f32x4.add(direction, f32x4.mul(decays, w))))
    parameters += 16
    gradients += 16
    moment1 += 16
    moment2 += 16
  }
  for (; count > 0; count--) {
    const g: f32 = load<f32>(gradients) * scale
    const m: f32 = beta1 * load<f32>(moment1) + gain1 * g
    const v: f32 = beta2 * load<f32>(moment2) + gain2 * g * g
    const w = load<f32>(parameters)
    store<f32>(moment1, m)
    store<f32>(moment2, v)
    store<f32>(parameters, w - ((rate * m) / (sqrt<f32>(v) + epsilon) + decay * w))
    parameters += 4
    gradients += 4
    moment1 += 4
    moment2 += 4
  }
}

/** See src/compute/optim/sgd.ts. */
export function momentum(
  parameters: usize,
  gradients: usize,
  velocity: usize,
  count: i32,
  scale: f32,
  keep: f32,
  rate: f32,
): void {
  const scales = f32x4.splat(scale)
  const keeps = f32x4.splat(keep)
  const rates = f32x4.splat(rate)
  for (; count >= 4; count -= 4) {
    const v = f32x4.add(f32x4.mul(keeps, v128.load(velocity)), f32x4.mul(scales, v128.load(gradients)))
    v128.store(velocity, v)
    v128.store(parameters, f32x4.sub(v128.load(parameters), f32x4.mul(rates, v)))
    parameters += 16
    gradients += 16
    velocity += 16
  }
  for (; count > 0; count--) {
    const v: f32 = keep * load<f32>(velocity) + scale * load<f32>(gradients)
    store<f32>(velocity, v)
    store<f32>(parameters, load<f32>(parameters) - rate * v)
    parameters += 4
    gradients += 4
    velocity += 4
  }
}

/** target = a + scale * b, the triad of STREAM (McCalpin 1995); `target` may be `a`. */
export function triad(target: usize, a: usize, b: usize, count: i32, scale: f32): void {
  const scales = f32x4.splat(scale)
  for (; count >= 4; count -= 4) {
    v128.store(target, f32x4.add(v128.load(a), f32x4.mul(scales, v128.load(b))))
    target += 16
    a += 16
    b += 16
  }
  for (; count > 0; count--) {
    store<f32>(target, load<f32>(a) + scale * load<f32>(b))
    target += 4
    a += 4
    b += 4
  }
}

function upper(values: v128): v128 {
  return f64x2.promote_low_f32x4(
    i8x16.shuffle(values, values, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
  )
}

/** In double precision, eight sums. */
export function sumOfSquares(values: usize, count: i32): f64 {
  let ab = f64x2.splat(0)
  let cd = f64x2.splat(0)
  let ef = f64x2.splat(0)
  let gh = f64x2.splat(0)
  for (; count >= 8; count -= 8) {
    const first = v128.load(values)
    const second = v128.load(values, 16)
    const p = f64x2.promote_low_f32x4(first)
    const q = upper(first)
    const r = f64x2.promote_low_f32x4(second)
    const s = upper(second)
    ab = f64x2.add(ab, f64x2.mul(p, p))
    cd = f64x2.add(cd, f64x2.mul(q, q))
    ef = f64x2.add(ef, f64x2.mul(r, r))
    gh = f64x2.add(gh, f64x2.mul(s, s))
    values += 32
  }
  let rest: f64 = 0
  for (; count > 0; count--) {
    const value: f64 = load<f32>(values)
    rest += value * value
    values += 4
  }
  const sums = f64x2.add(f64x2.add(ab, ef), f64x2.add(cd, gh))
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1) + rest
}

function larger(a: i32, b: i32): i32 {
  return a > b ? a : b
}

function largestLane(values: v128): i32 {
  return larger(
    larger(i32x4.extract_lane(values, 0), i32x4.extract_lane(values, 1)),
    larger(i32x4.extract_lane(values, 2), i32x4.extract_lane(values, 3)),
  )
}

/**
 * The bits of the largest magnitude. Floats of one sign are in the order of their bits as integers, infinity and then NaN
 * at the end.
 */
function largestBits(values: usize, count: i32): i32 {
  const magnitude = i32x4.splat(magnitudes)
  let a = i32x4.splat(0)
  let b = i32x4.splat(0)
  for (; count >= 16; count -= 16) {
    a = i32x4.max_s(a, v128.and(v128.load(values), magnitude))
    b = i32x4.max_s(b, v128.and(v128.load(values, 16), magnitude))
    a = i32x4.max_s(a, v128.and(v128.load(values, 32), magnitude))
    b = i32x4.max_s(b, v128.and(v128.load(values, 48), magnitude))
    values += 64
  }
  let largest = largestLane(i32x4.max_s(a, b))
  for (; count > 0; count--) {
    largest = larger(largest, load<i32>(values) & MAGNITUDE_BITS)
    values += 4
  }
  return largest
}

/** 1 or 0. In slices, so that a bad value ends it soon enough. */
export function allFinite(values: usize, count: i32): i32 {
  while (count > 0) {
    const slice = min<i32>(count, 1 << 16)
    if (largestBits(values, slice) >= INFINITY_BITS) return 0
    values += slice << 2
    count -= slice
  }
  return 1
}

/** See src/exchange/pairing/correction.ts. `bounds` has one for each 256 values. */
export function halfCorrection(received: usize, own: usize, bounds: usize, count: i32): f64 {
  const zero = f32x4.splat(0)
  const halves = f32x4.splat(half)
  const magnitude = i32x4.splat(magnitudes)
  const sign = i32x4.splat(signs)
  let squares: f64 = 0
  while (count > 0) {
    let left = min<i32>(count, BLOCK)
    count -= left
    const bound = load<f32>(bounds)
    const limits = f32x4.splat(bound)
    bounds += 4
    let ab = f64x2.splat(0)
    let cd = f64x2.splat(0)
    for (; left >= 4; left -= 4) {
      const difference = f32x4.sub(v128.load(own), v128.load(received))
      const size = v128.and(difference, magnitude)
      const beyond = f32x4.sub(size, limits)
      const shrunk = f32x4.pmin(size, f32x4.pmax(zero, f32x4.add(beyond, beyond)))
      const negative = v128.and(f32x4.lt(difference, zero), sign)
      v128.store(received, f32x4.mul(v128.xor(shrunk, negative), halves))
      const low = f64x2.promote_low_f32x4(shrunk)
      const high = upper(shrunk)
      ab = f64x2.add(ab, f64x2.mul(low, low))
      cd = f64x2.add(cd, f64x2.mul(high, high))
      received += 16
      own += 16
    }
    let rest: f64 = 0
    for (; left > 0; left--) {
      const difference: f32 = load<f32>(own) - load<f32>(received)
      const size = abs<f32>(difference)
      const beyond: f32 = size - bound
      const twice: f32 = beyond + beyond
      const positive: f32 = 0 < twice ? twice : 0
      const shrunk: f32 = positive < size ? positive : size
      store<f32>(received, (difference < 0 ? -shrunk : shrunk) * 0.5)
      rest += <f64>shrunk * <f64>shrunk
      received += 4
      own += 4
    }
    const sums = f64x2.add(ab, cd)
    squares += f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1) + rest
  }
  return squares
}

/** 2^-60. The inverse of what is smaller might be infinite: such blocks are lifted by 2^64 first, one by one. */
const TINY: f32 = 8.673617379884035e-19
const LIFT: f32 = 1.8446744073709552e19

/** See src/exchange/compression/int8.ts. Returns the index of the first value of a block that is not finite, or -1. */
export function encodeInt8(values: usize, count: i32, out: usize): i32 {
  for (let at = 0; at < count; at += BLOCK) {
    let left = min<i32>(count - at, BLOCK)
    const bits = largestBits(values, left)
    if (bits >= INFINITY_BITS) return at
    store<i32>(out, bits)
    out += 4
    const largest = reinterpret<f32>(bits)
    const lift: f32 = largest < TINY ? LIFT : 1
    const inverse: f32 = largest === 0 ? 0 : <f32>127 / (largest * lift)
    if (lift === 1) {
      const inverses = f32x4.splat(inverse)
      const rounders = f32x4.splat(rounder)
      const lowest = i32x4.splat(lowestBytes)
      for (; left >= 16; left -= 16) {
        const a = v128.and(f32x4.add(f32x4.mul(v128.load(values), inverses), rounders), lowest)
        const b = v128.and(f32x4.add(f32x4.mul(v128.load(values, 16), inverses), rounders), lowest)
        const c = v128.and(f32x4.add(f32x4.mul(v128.load(values, 32), inverses), rounders), lowest)
        const d = v128.and(f32x4.add(f32x4.mul(v128.load(values, 48), inverses), rounders), lowest)
        v128.store(out, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d)))
        values += 64
        out += 16
      }
    }
    for (; left > 0; left--) {
      store<u8>(out, reinterpret<i32>(load<f32>(values) * lift * inverse + rounder))
      values += 4
      out += 1
    }
  }
  return -1
}

/** 2^37 + 1: splits a double into its first 16 bits and the rest (Dekker 1971). */
const SPLITTER: f64 = 137438953473

/** See src/exchange/compression/int8.ts. Returns the index of the first value of a block whose scale is none, or -1. */
export function decodeInt8(bytes: usize, into: usize, count: i32): i32 {
  for (let at = 0; at < count; at += BLOCK) {
    let left = min<i32>(count - at, BLOCK)
    const largest = load<f32>(bytes)
    bytes += 4
    if (!(largest >= 0 && largest < Infinity)) return at
    const step: f64 = <f64>largest / 127
    if (largest < TINY) {
      for (; left > 0; left--) {
        store<f32>(into, <f32>(<f64>load<i8>(bytes) * step))
        bytes += 1
        into += 4
      }
      continue
    }
    const spread: f64 = SPLITTER * step
    const high: f64 = spread - (spread - step)
    const high32: f32 = <f32>high
    const low32: f32 = <f32>(step - high)
    const highs = f32x4.splat(high32)
    const lows = f32x4.splat(low32)
    for (; left >= 16; left -= 16) {
      const all = v128.load(bytes)
      const first = i16x8.extend_low_i8x16_s(all)
      const second = i16x8.extend_high_i8x16_s(all)
      v128.store(into, decoded(i32x4.extend_low_i16x8_s(first), highs, lows))
      v128.store(into, decoded(i32x4.extend_high_i16x8_s(first), highs, lows), 16)
      v128.store(into, decoded(i32x4.extend_low_i16x8_s(second), highs, lows), 32)
      v128.store(into, decoded(i32x4.extend_high_i16x8_s(second), highs, lows), 48)
      bytes += 16
      into += 64
    }
    for (; left > 0; left--) {
      const value: f32 = <f32>load<i8>(bytes)
      store<f32>(into, value * high32 + value * low32)
      bytes += 1
      into += 4
    }
  }
  return -1
}

function decoded(integers: v128, highs: v128, lows: v128): v128 {
  const values = f32x4.convert_i32x4_s(integers)
  return f32x4.add(f32x4.mul(values, highs), f32x4.mul(values, lows))
}

/** Magnitudes are counted by their upper 16 bits, then those of one such class by their lower 15. */
const UPPER: i32 = 1 << 16
const LOWER_BITS: i32 = 15
const LOWER: i32 = 1 << LOWER_BITS

/** See src/core/top-k.ts. `counts` is room for 2^16 + 2^15 integers, `into` for k. */
export function topK(values: usize, count: i32, k: i32, into: usize, counts: usize): void {
  memory.fill(counts, 0, (UPPER + LOWER) << 2)
  for (let i = 0; i < count; i++) {
    const counter = counts + (((load<i32>(values + ((<usize>i) << 2)) & MAGNITUDE_BITS) >>> LOWER_BITS) << 2)
    store<i32>(counter, load<i32>(counter) + 1)
  }
  let left = k
  let upper = UPPER - 1
  for (; ; upper--) {
    const here = load<i32>(counts + (upper << 2))
    if (here >= left) break
    left -= here
  }
  const lowerCounts = counts + (UPPER << 2)
  const magnitude = i32x4.splat(magnitudes)
  const uppers = i32x4.splat(upper)
  let i = 0
  for (; i < count; i += 4) {
    const four = values + ((<usize>i) << 2)
    if (i + 4 <= count) {
      const classes = i32x4.shr_u(v128.and(v128.load(four), magnitude), LOWER_BITS)
      if (!v128.any_true(i32x4.eq(classes, uppers))) continue
    }
    const end = min<i32>(count, i + 4)
    for (let j = i; j < end; j++) {
      const bits = load<i32>(values + ((<usize>j) << 2)) & MAGNITUDE_BITS
      if (bits >>> LOWER_BITS !== upper) continue
      const counter = lowerCounts + ((bits & (LOWER - 1)) << 2)
      store<i32>(counter, load<i32>(counter) + 1)
    }
  }
  let lower = LOWER - 1
  for (; ; lower--) {
    const here = load<i32>(lowerCounts + (lower << 2))
    if (here >= left) break
    left -= here
  }
  const threshold = (upper << LOWER_BITS) | lower
  const thresholds = i32x4.splat(threshold)
  for (i = 0; i < count; i += 4) {
    const four = values + ((<usize>i) << 2)
    if (i + 4 <= count) {
      const four4 = v128.and(v128.load(four), magnitude)
      if (!v128.any_true(i32x4.ge_s(four4, thresholds))) continue
    }
    const end = min<i32>(count, i + 4)
    for (let j = i; j < end; j++) {
      const bits = load<i32>(values + ((<usize>j) << 2)) & MAGNITUDE_BITS
      if (bits < threshold) continue
      if (bits === threshold && left-- <= 0) continue
      store<i32>(into, j)
      into += 4
    }
  }
}
