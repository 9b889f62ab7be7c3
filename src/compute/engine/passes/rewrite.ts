import { GraphBuilder } from '../builder.ts'
import type { Graph, Node, Value } from '../graph.ts'

/** Builds an improved graph. */
export type Pass = (graph: Graph) => Graph

/**
 * What a node becomes, given the new graph's values for its inputs: values that replace its outputs, or undefined to
 * keep it.
 */
export type RewriteRule = (node: Node, inputs: readonly Value[], build: GraphBuilder) => readonly Value[] | undefined

/** Rebuilds the graph from its inputs on, node by node. */
export function rewrite(graph: Graph, rule: RewriteRule): Graph {
  const build = new GraphBuilder()
  const replaced = new Map<Value, Value>()
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(input => replaced.get(input)!)
    const outputs = rule(node, inputs, build) ?? build.copy(node, inputs)
    for (const [i, output] of node.outputs.entries()) replaced.set(output, outputs[i]!)
  }
  return build.finish(new Map([...graph.outputs].map(([name, value]) => [name, replaced.get(value)!])))
}
