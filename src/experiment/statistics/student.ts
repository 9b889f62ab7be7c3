/**
 * P(|T| <= t) of Student's t with a whole number of degrees of freedom: the finite series of Abramowitz & Stegun,
 * Handbook of Mathematical Functions, 26.7.3 and 26.7.4. Exact up to rounding.
 */
function centralProbability(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const square = Math.cos(angle) ** 2
  const odd = degrees % 2 === 1
  let term = odd ? Math.cos(angle) : 1
  let sum = degrees === 1 ? 0 : term
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (square * (k - 1)) / k
    sum += term
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
}

/**
 * The t with P(|T| <= t) = `confidence`: half the width of a two-sided interval, in standard errors.
 * @param degrees of freedom, a whole number >= 1
 * @param confidence in (0, 1)
 */
export function studentQuantile(degrees: number, confidence = 0.95): number {
  if (!Number.isSafeInteger(degrees) || degrees < 1)
    throw new RangeError(`Expected \`degrees\` to be an integer >= 1, got ${degrees}`)
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`Expected \`confidence\` to be in (0, 1), got ${confidence}`)
  let high = 1
  while (centralProbability(high, degrees) < confidence) high *= 2
  let low = 0
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return middle
    if (centralProbability(middle, degrees) < confidence) low = middle
    else high = middle
  }
}
