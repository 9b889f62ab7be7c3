import { type Attribute, type Graph, graphInputs, type Node } from '../graph.ts'

/** What an input or output is called, and which of its axes are as long as the batch. */
export type SymbolicAxes = ReadonlyMap<string, readonly number[]>

export interface SymbolicGraph {
  graph: Graph
  axes: SymbolicAxes
}

/**
 * A graph that takes batches of any size, from the same computation traced with two. Only the shapes that tensors are
 * given may tell the size, and each of them once: that dimension becomes -1, "what is left", as ONNX has it.
 * @returns undefined when the two differ in anything else, so that the size has to be fixed
 */
export function symbolicBatch(one: Graph, other: Graph): SymbolicGraph | undefined {
  if (one.nodes.length !== other.nodes.length) return undefined
  const nodes: Node[] = []
  for (const [i, node] of one.nodes.entries()) {
    const merged = mergeNodes(node, other.nodes[i]!)
    if (!merged) return undefined
    nodes.push(merged)
  }
  const named = (graph: Graph) => [
    ...graphInputs(graph).map(({ name, value }) => [name, value.shape] as const),
    ...[...graph.outputs].map(([name, { shape }]) => [name, shape] as const),
  ]
  const others = new Map(named(other))
  const axes = named(one).map(([name, shape]) => [name, differences(shape, others.get(name) ?? [])] as const)
  return { graph: { nodes, outputs: one.outputs }, axes: new Map(axes) }
}

function mergeNodes(one: Node, other: Node): Node | undefined {
  if (one.op !== other.op || one.inputs.length !== other.inputs.length) return undefined
  if (one.inputs.some((input, i) => input.id !== other.inputs[i]!.id)) return undefined
  if (one.op === 'Input') return one
  if (one.data && !sameData(one, other)) return undefined
  const attributes: Record<string, Attribute> = { ...one.attributes }
  for (const [name, value] of Object.entries(one.attributes)) {
    const twin = other.attributes[name]
    if (JSON.stringify(value) === JSON.stringify(twin)) continue
    if (one.op !== 'Reshape' || !Array.isArray(value) || !Array.isArray(twin)) return undefined
    const differing = differences(value, twin)
    if (value.length !== twin.length || differing.length !== 1) return undefined
    attributes[name] = value.map((size, axis) => (axis === differing[0] ? -1 : size))
  }
  return { ...one, attributes }
}

function sameData({ data, outputs }: Node, other: Node): boolean {
  if (outputs[0]!.shape.join() !== other.outputs[0]!.shape.join()) return false
  return data!.length === other.data?.length && data!.every((value, i) => value === other.data![i])
}

function differences(one: readonly number[], other: readonly number[]): number[] {
  return one.flatMap((size, axis) => (size === other[axis] ? [] : [axis]))
}
