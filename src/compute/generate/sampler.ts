import { MurmurError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'

export interface SamplerInit {
  /** Divides the logits: below 1 sharper, above 1 flatter, 0 always the most probable. Must be >= 0. @default 0.8 */
  temperature?: number
  /**
   * Samples among the k most probable only; 0 is off. Must be an integer >= 0. Fan et al. 2018, arXiv:1805.04833.
   * @default 0
   */
  topK?: number
}

/** Draws an index of `logits` from their softmax. @throws MurmurError `VALUES_INVALID` if no logit is finite */
export type Sampler = (logits: Float32Array, random: Random) => number

export function sampler(init: SamplerInit = {}): Sampler {
  const { temperature = 0.8, topK = 0 } = init
  expect('temperature', temperature, temperature >= 0, 'a number >= 0')
  expect('topK', topK, Number.isInteger(topK) && topK >= 0, 'an integer >= 0')
  return (logits, random) => {
    const ranked = rank(logits)
    if (temperature === 0) return ranked[0]!
    const candidates = topK > 0 ? ranked.slice(0, topK) : ranked
    const greatest = logits[ranked[0]!]!
    const weights = candidates.map(index => Math.exp((logits[index]! - greatest) / temperature))
    return candidates[draw(weights, random)]!
  }
}

/** Indices of the finite logits from the greatest to the least, equal ones in their order. */
function rank(logits: Float32Array): number[] {
  const finite = Array.from(logits.keys()).filter(index => Number.isFinite(logits[index]))
  if (finite.length === 0) throw new MurmurError({ code: 'VALUES_INVALID', message: 'The model gave no finite logit' })
  return finite.sort((a, b) => logits[b]! - logits[a]!)
}

/** An index with a probability in proportion to its weight. */
function draw(weights: readonly number[], random: Random): number {
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return index
  }
  return 0 // rounding left nothing over: the most probable
}

function expect(name: string, value: number, holds: boolean, expected: string): void {
  if (holds) return
  throw new MurmurError({ code: 'USAGE', message: `Expected \`${name}\` to be ${expected}, got ${value}` })
}
