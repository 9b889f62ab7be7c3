import { type Graph, sizeOf, type Value } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/** A bias that is added to a convolution, its channels last by then, becomes an input of the convolution. */
export function absorbBiases(graph: Graph): Graph {
  const uses = countUses(graph)
  return rewrite(graph, (node, inputs, build) => {
    if (node.op !== 'Add') return undefined
    for (const [i, moved] of node.inputs.entries()) {
      const convolved = moved.node.op === 'Transpose' ? moved.node.inputs[0]! : undefined
      if (convolved?.node.op !== 'Conv' || convolved.node.inputs.length > 2) continue
      if (uses.get(moved) !== 1 || uses.get(convolved) !== 1 || !movesChannelsLast(moved)) continue
      const bias = inputs[1 - i]!
      const channels = convolved.shape[1]!
      if (sizeOf(bias.shape) !== channels || bias.shape.at(-1) !== channels) continue
      const { attributes, inputs: operands } = inputs[i]!.node.inputs[0]!.node
      const sum = build.add('Conv', [...operands, build.reshape(bias, [channels])], attributes)
      return [build.add('Transpose', [sum], moved.node.attributes)]
    }
    return undefined
  })
}

function countUses(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>()
  for (const value of [...graph.nodes.flatMap(node => node.inputs), ...graph.outputs.values()]) {
    uses.set(value, (uses.get(value) ?? 0) + 1)
  }
  return uses
}

function movesChannelsLast({ node }: Value): boolean {
  const order = node.attributes.order as readonly number[]
  return order.at(-1) === 1 && order.slice(0, -1).every((from, axis) => from === (axis === 0 ? 0 : axis + 1))
}
