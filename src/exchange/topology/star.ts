import { metropolisHastings, type Sharing } from './mixing.ts'

/**
 * Everybody mixes with the lowest rank alone, by Metropolis-Hastings weights of 1/n. Spectral gap 1/n. The lowest rank
 * carries all traffic, and nobody mixes without it: the shape of a parameter server.
 */
export function star(n: number): Sharing {
  const others = Array.from({ length: Math.max(0, n - 1) }, (_, i) => i + 1)
  return metropolisHastings(Array.from({ length: n }, (_, rank) => (rank === 0 ? others : [0])))
}
