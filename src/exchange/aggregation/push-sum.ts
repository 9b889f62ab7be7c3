/**
 * Push-sum (Kempe, Dobra and Gehrke 2003) with the de-biased values in hand. Instead of a sum x and its weight w a peer
 * holds z = x / w and w; a share of its mass is (share w z, share w). Giving one away changes w alone. Taking one in
 * moves z toward the giver's by the share's part of the weight: (w z + v z_j) / (w + v) = z + v / (w + v) (z_j - z).
 */

/** What is left, and what leaves, when a peer gives away a fraction of its mass. Their sum is the weight, exactly. */
export function give(weight: number, fraction: number): { kept: number; given: number } {
  const given = weight * fraction
  return { kept: weight - given, given }
}

/** How far to go toward values that come with the weight `given`. */
export function pull(weight: number, given: number): number {
  return given / (weight + given)
}
