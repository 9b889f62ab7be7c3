import { MurmurError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { InferenceGraph } from '../engine/engine.ts'
import type { Sampler } from './sampler.ts'

export interface GenerateComponents {
  /** Maps the input `inputs`, int32 [1, context], to logits [1, context, vocabulary]. */
  graph: InferenceGraph
  sample: Sampler
  random: Random
}

export interface GenerateInit {
  /** What is continued. At least one token. */
  prompt: readonly number[]
  /** How many tokens to add. Must be an integer >= 0. */
  count: number
  /** Longest sequence the model sees; of a longer one it sees the end. */
  context: number
  /** Tokens that stand for something; a vocabulary rounded up has more logits than these. */
  symbols: number
}

/** Continues a sequence, a token at a time. Stops with the signal's reason when that fires. */
export async function* generate(
  { graph, sample, random }: GenerateComponents,
  { prompt, count, context, symbols }: GenerateInit,
  signal: AbortSignal,
): AsyncGenerator<number> {
  if (prompt.length === 0) throw new MurmurError({ code: 'USAGE', message: 'Expected a prompt of at least one token' })
  let seen = prompt.slice(-context)
  for (let made = 0; made < count; made++) {
    signal.throwIfAborted()
    // What stands after the sequence is padding: attention is causal, so nothing before it sees it.
    const inputs = new Int32Array(context)
    inputs.set(seen)
    const [logits] = await graph.run({ inputs })
    const vocabulary = logits!.length / context
    const last = (seen.length - 1) * vocabulary
    const token = sample(logits!.subarray(last, last + Math.min(symbols, vocabulary)), random)
    seen = [...seen, token].slice(-context)
    yield token
  }
}
