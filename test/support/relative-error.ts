/** Largest absolute difference over largest absolute value expected (at least 1e-6): equal NaNs and infinities agree. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let scale = 1e-6
  for (const [i, value] of expected.entries()) {
    if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value))
    if (Object.is(actual[i], value) || actual[i] === value) continue
    if (Number.isNaN(actual[i]! - value)) return Number.POSITIVE_INFINITY
    difference = Math.max(difference, Math.abs(actual[i]! - value))
  }
  return difference / scale
}
