import { random } from '../../../core/random.ts'
import type { GraphBuilder } from '../builder.ts'
import { type Graph, type Node, sizeOf, type Value } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/**
 * Writes random values as products of integers modulo 2^32: bits[i, j] = (seed x a[i]) x b[j], where a and b are odd
 * numbers drawn once for each place in the graph that draws. The same seed gives the same bits on every backend, for one
 * multiplication each; of a product the high bits are random (multiplicative hashing, Dietzfelbinger et al. 1997), and
 * only those are used.
 */
export function expandRandom(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, build) => {
    if (node.op === 'RandomUniform') return [uniform(build, bitsOf(node, inputs[0]!, build))]
    return node.op === 'DropoutMask' ? [mask(build, bitsOf(node, inputs[0]!, build), node)] : undefined
  })
}

function bitsOf(node: Node, seed: Value, build: GraphBuilder): Value {
  const { shape, site } = node.attributes as { shape: readonly number[]; site: number }
  const columns = shape.at(-1) ?? 1
  const rows = sizeOf(shape) / Math.max(columns, 1)
  const stream = random(`random values ${site}`)
  const factors = (count: number, type: readonly number[]) =>
    build.constant(
      Int32Array.from({ length: count }, () => stream.integer(2 ** 32) | 1),
      { shape: type, dtype: 'int32' },
    )
  const keyed = build.add('Mul', [seed, factors(rows, [rows, 1])])
  return build.reshape(build.add('Mul', [keyed, factors(columns, [columns])]), shape)
}

/** In [0, 1), in steps of 2^-24 or finer. */
function uniform(build: GraphBuilder, bits: Value): Value {
  const scalar = (value: number) => build.fill(value, { shape: [], dtype: 'float32' })
  const centred = build.add('Mul', [build.add('Cast', [bits], { to: 'float32' }), scalar(2 ** -32)])
  return build.add('Min', [build.add('Add', [centred, scalar(0.5)]), scalar(1 - 2 ** -24)])
}

function mask(build: GraphBuilder, bits: Value, { attributes }: Node): Value {
  const keep = Number(attributes.keep)
  const threshold = Math.min(Math.round((0.5 - keep) * 2 ** 32), 2 ** 31 - 1)
  const scalar = (value: number) => build.fill(value, { shape: [], dtype: 'float32' })
  const kept = build.add('GreaterOrEqual', [bits, build.fill(threshold, { shape: [], dtype: 'int32' })])
  return build.add('Where', [kept, scalar(1 / keep), scalar(0)])
}
