import { metropolisHastings, type Sharing } from './mixing.ts'

/**
 * Everybody mixes with the ranks before and behind, all three by 1/3. Spectral gap (2/3)(1 - cos 2 pi/n), about
 * 13.2/n^2: disagreement contracts by (1 - gap)^2 a round, so large rings hardly mix (D-PSGD, Lian et al. 2017,
 * arXiv:1705.09056).
 */
export function ring(n: number): Sharing {
  const around = (rank: number) => [...new Set([(rank + n - 1) % n, (rank + 1) % n])].filter(other => other !== rank)
  return metropolisHastings(Array.from({ length: n }, (_, rank) => around(rank)))
}
