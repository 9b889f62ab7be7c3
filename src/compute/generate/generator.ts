import type { ParameterLayout } from '../../core/layout.ts'
import { random } from '../../core/random.ts'
import type { Tokenizer } from '../data/tokenizer.ts'
import type { Engine } from '../engine/engine.ts'
import type { SequenceModel } from '../models/model.ts'
import { generate } from './generate.ts'
import { type SamplerInit, sampler } from './sampler.ts'

export interface GeneratorComponents {
  engine: Engine
  /** A model of text in the tokenizer's tokens. */
  model: SequenceModel
  tokenizer: Tokenizer
  memory: { layout: ParameterLayout; parameters: Float32Array<SharedArrayBuffer> }
}

interface TextInit extends SamplerInit {
  /** What is continued; not empty. */
  prompt: string
  /** Tokens to add. Must be an integer >= 0. */
  count: number
  /** Names the random choices: the same seed gives the same text. */
  seed: number
}

/** A model compiled to continue texts. */
export interface TextGenerator {
  /** The continuation, in pieces of whole characters as they become known. */
  text(init: TextInit, signal: AbortSignal): AsyncGenerator<string>
  /** Frees the native session. */
  close(): Promise<void>
}

/** @throws MurmurError `KERNEL_UNSUPPORTED`, `BACKEND_UNAVAILABLE` */
export async function textGenerator({ engine, model, tokenizer, memory }: GeneratorComponents): Promise<TextGenerator> {
  const { context } = model
  const graph = await engine.compileInference(
    (parameters, batch) => model.logits(parameters, batch.inputs!),
    [{ name: 'inputs', shape: [1, context], dtype: 'int32' }],
    memory,
  )
  return {
    async *text({ prompt, count, seed, ...sampling }, signal) {
      const decoder = tokenizer.decoder()
      const components = { graph, sample: sampler(sampling), random: random(seed).fork('generate') }
      const sequence = { prompt: [...tokenizer.encode(prompt)], count, context, symbols: tokenizer.vocabulary }
      for await (const token of generate(components, sequence, signal)) {
        const piece = decoder.push(token)
        if (piece !== '') yield piece
      }
      const rest = decoder.end()
      if (rest !== '') yield rest
    },
    close: () => graph.release(),
  }
}
