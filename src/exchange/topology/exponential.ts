import { circulant, type Sharing } from './mixing.ts'

/** Powers of two below n: there are ceil(log2 n). */
function distances(n: number): number[] {
  const powers: number[] = []
  for (let distance = 1; distance < n; distance *= 2) powers.push(distance)
  return powers
}

/**
 * One-peer exponential graph, directed: rank i sends half of what it has to i + 2^t mod n, t = round mod ceil(log2 n).
 * Exact after log2 n rounds if n is a power of two, and only then (Assran et al. 2019, arXiv:1811.10792; Ying et al. 2021,
 * arXiv:2110.13363).
 */
export function onePeerExponential(n: number, round: number): Sharing {
  const all = distances(n)
  return circulant(n, all.length > 0 ? [all[round % all.length]!] : [])
}

/**
 * Static exponential graph, directed: rank i sends to every i + 2^t mod n. Spectral gap 2/(1 + ceil(log2 n)) for even n
 * (Ying et al. 2021, arXiv:2110.13363, theorem 1).
 */
export function staticExponential(n: number): Sharing {
  return circulant(n, distances(n))
}
