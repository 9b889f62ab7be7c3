/**
 * Root mean square distance of n peers' parameters to their mean, from the mean squared difference of random pairs: that
 * is expected to be 2 n / (n - 1) times the mean squared distance to the mean. Null without pairs.
 */
export function consensusEstimate(meanSquaredDifference: number | null, n: number): number | null {
  return meanSquaredDifference === null || n < 2 ? null : Math.sqrt((meanSquaredDifference * (n - 1)) / (2 * n))
}
