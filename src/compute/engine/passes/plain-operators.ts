import type { Graph, Value } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/**
 * Products of transposed factors as a transposition and a product, for runtimes that know the operators of ai.onnx
 * alone: the opposite of `absorbTransposes`.
 */
export function spellOutTransposes(graph: Graph): Graph {
  return rewrite(graph, ({ op, attributes }, inputs, build) => {
    if (op !== 'MatMul' || !(attributes.transposeA || attributes.transposeB)) return undefined
    const [a, b] = inputs as [Value, Value]
    const turned = (value: Value) => build.add('Transpose', [value], { order: lastAxesSwapped(value.shape.length) })
    const factors = [attributes.transposeA ? turned(a) : a, attributes.transposeB ? turned(b) : b]
    return [build.add('MatMul', factors, { ...attributes, transposeA: false, transposeB: false })]
  })
}

const lastAxesSwapped = (rank: number) =>
  Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis))
