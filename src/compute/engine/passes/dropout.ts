import { type Graph, type Node, uniformValue, type Value } from '../graph.ts'
import { seedName } from '../random-values.ts'
import { removeDeadCode } from './dead-code.ts'
import { rewrite } from './rewrite.ts'

/**
 * Finds what tf.dropout multiplies with, floor(uniform + keep) / keep, and makes one `DropoutMask` of it: 1 / keep with
 * probability `keep`, else 0.
 */
export function recognizeDropout(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, build) => {
    const found = node.op === 'Div' ? multiplier(inputs) : undefined
    return found && [build.add('DropoutMask', found.uniform.inputs, { ...found.uniform.attributes, keep: found.keep })]
  })
}

function multiplier([floor, divisor]: readonly Value[]): { uniform: Node; keep: number } | undefined {
  const sum = floor!.node.op === 'Floor' ? floor!.node.inputs[0]!.node : undefined
  if (sum?.op !== 'Add') return undefined
  const [uniform, keep] = sum.inputs[0]!.node.op === 'RandomUniform' ? sum.inputs : sum.inputs.toReversed()
  const probability = uniformValue(keep!)
  if (uniform!.node.op !== 'RandomUniform' || probability === undefined) return undefined
  return uniformValue(divisor!) === probability ? { uniform: uniform!.node, keep: probability } : undefined
}

/** The graph as it evaluates: nothing is dropped, and no seed asked for unless something else draws random values. */
export function keepEverything(graph: Graph): Graph {
  const kept = rewrite(recognizeDropout(graph), (node, _, build) =>
    node.op === 'DropoutMask' ? [build.fill(1, node.outputs[0]!)] : undefined,
  )
  const live = removeDeadCode(kept)
  const draws = live.nodes.some(({ op }) => op === 'RandomUniform')
  return { ...live, nodes: live.nodes.filter(({ attributes }) => draws || attributes.name !== seedName) }
}
