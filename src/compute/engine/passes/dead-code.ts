import type { Graph, Node } from '../graph.ts'

/** Drops what no output depends on. Inputs stay: they are the graph's signature. */
export function removeDeadCode(graph: Graph): Graph {
  const live = new Set<Node>([...graph.outputs.values()].map(value => value.node))
  for (const node of graph.nodes.toReversed()) {
    if (live.has(node)) for (const input of node.inputs) live.add(input.node)
  }
  return { nodes: graph.nodes.filter(node => node.op === 'Input' || live.has(node)), outputs: graph.outputs }
}
