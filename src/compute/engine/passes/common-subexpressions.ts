import type { Graph, Node, Value } from '../graph.ts'
import { rewrite } from './rewrite.ts'

/** Computes once what is written several times: the same operator with the same attributes on the same values. */
export function shareSubexpressions(graph: Graph): Graph {
  const known = new Map<string, readonly Value[]>()
  return rewrite(graph, (node, inputs, build) => {
    const key = keyOf(node, inputs)
    if (key === undefined) return undefined
    const outputs = known.get(key) ?? build.copy(node, inputs)
    known.set(key, outputs)
    return outputs
  })
}

/** Equal for nodes that compute the same; undefined for those not worth comparing: inputs and large constants. */
function keyOf(node: Node, inputs: readonly Value[]): string | undefined {
  if (node.op === 'Input' || (node.data && node.data.length > 1)) return undefined
  const data = node.data ? String(node.data[0]) : ''
  // -0 prints as 0 but is another number.
  const sign = Object.is(node.data?.[0], -0) ? '-' : ''
  return `${node.op}(${inputs.map(({ id }) => id)})${JSON.stringify(node.attributes)}${sign}${data}`
}
