import test from 'ava'
import type { InferenceGraph } from '../../../../src/compute/engine/engine.ts'
import { generate } from '../../../../src/compute/generate/generate.ts'
import { sampler } from '../../../../src/compute/generate/sampler.ts'
import { random } from '../../../../src/core/random.ts'

const CONTEXT = 4
const VOCABULARY = 16

/** A causal model whose next token is the sum of the tokens and of the position it sees, modulo 10. */
function summingGraph(): InferenceGraph & { seen: number[][] } {
  const seen: number[][] = []
  return {
    seen,
    async run({ inputs }) {
      const tokens = Array.from(inputs!)
      seen.push(tokens)
      const logits = new Float32Array(CONTEXT * VOCABULARY)
      let sum = 0
      for (const [i, token] of tokens.entries()) {
        sum += token
        logits[i * VOCABULARY + ((sum + i) % 10)] = 1
        logits[i * VOCABULARY + 15] = 2 // more probable, but no symbol
      }
      return [logits]
    },
    release: async () => {},
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

const greedy = { sample: sampler({ temperature: 0 }), random: random(0) }
const shape = { context: CONTEXT, symbols: 10 }
const never = new AbortController().signal

test('continues from the last position of a window that slides', async t => {
  const graph = summingGraph()
  const tokens = await collect(generate({ graph, ...greedy }, { prompt: [1, 2], count: 5, ...shape }, never))
  t.deepEqual(tokens, [4, 9, 9, 7, 2])
  t.deepEqual(graph.seen, [
    [1, 2, 0, 0],
    [1, 2, 4, 0],
    [1, 2, 4, 9],
    [2, 4, 9, 9],
    [4, 9, 9, 7],
  ])
})

test('of a prompt longer than the context the end counts', async t => {
  const graph = summingGraph()
  const prompt = [9, 9, 9, 1, 1, 1, 1]
  t.deepEqual(await collect(generate({ graph, ...greedy }, { prompt, count: 1, ...shape }, never)), [7])
})

test('stops when its signal fires, and wants a prompt', async t => {
  const graph = summingGraph()
  const controller = new AbortController()
  const tokens = generate({ graph, ...greedy }, { prompt: [1], count: 100, ...shape }, controller.signal)
  t.is((await tokens.next()).value, 1)
  controller.abort(new Error('enough'))
  await t.throwsAsync(tokens.next(), { message: 'enough' })
  await t.throwsAsync(generate({ graph, ...greedy }, { prompt: [], count: 1, ...shape }, never).next(), {
    code: 'USAGE',
  })
})
