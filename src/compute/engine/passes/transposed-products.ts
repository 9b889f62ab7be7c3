import type { Graph, Value } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/** A product reads a transposed factor as it lies: onnxruntime transposes while it packs, at no cost. */
export function absorbTransposes(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, build) => {
    if (node.op !== 'MatMul' || !inputs.some(swapsLastAxes)) return undefined
    const [a, b] = inputs as [Value, Value]
    const { transposeA, transposeB } = node.attributes
    return [
      build.add('MatMul', [untransposed(a), untransposed(b)], {
        ...node.attributes,
        transposeA: transposeA !== swapsLastAxes(a),
        transposeB: transposeB !== swapsLastAxes(b),
      }),
    ]
  })
}

const untransposed = (value: Value): Value => (swapsLastAxes(value) ? value.node.inputs[0]! : value)

function swapsLastAxes({ node, shape, dtype }: Value): boolean {
  if (node.op !== 'Transpose' || dtype !== 'float32') return false
  const order = node.attributes.order as readonly number[]
  const rank = shape.length
  return order.every((from, axis) => from === (axis < rank - 2 ? axis : 2 * rank - 3 - axis))
}
