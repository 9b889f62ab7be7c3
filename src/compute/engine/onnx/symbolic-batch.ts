import { type Attribute, type Graph, graphInputs, type Node } from '../graph.ts'

/** What an input or output is called, and which of its axes are as long as the batch. */
export type SymbolicAxes = ReadonlyMap<string, readonly number[]>

export interface SymbolicGraph {
  graph: Graph
  axes: SymbolicAxes
}

/** In a shape: what is left. */
const REST = -1
/** In a slice: as far as there is something. */
const EVERYTHING = 2 ** 31 - 1

/**
 * A graph that takes batches of any size, from the same computation traced with two. The size may stand in shapes that
 * tensors are given, once in each, and in slices that leave the batch whole; there it becomes what ONNX has for any.
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
    const merged = mergeSizes([one, other], name)
    if (!merged) return undefined
    attributes[name] = merged
  }
  return { ...one, attributes }
}

/** Sizes of a shape or a slice that hold whatever the batch is. */
function mergeSizes([one, other]: readonly [Node, Node], name: string): number[] | undefined {
  const [sizes, others] = [one.attributes[name], other.attributes[name]] as [readonly number[], readonly number[]]
  if (!Array.isArray(sizes) || !Array.isArray(others) || sizes.length !== others.length) return undefined
  const differing = differences(sizes, others)
  const replace = (size: number) => sizes.map((each, axis) => (differing.includes(axis) ? size : each))
  if (one.op === 'Reshape' && name === 'shape') return differing.length === 1 ? replace(REST) : undefined
  const isWhole = ({ inputs, attributes }: Node, axis: number) =>
    (attributes.steps as number[])[axis] === 1 && (attributes.sizes as number[])[axis] === inputs[0]!.shape[axis]
  const whole = one.op === 'Slice' && differing.every(axis => isWhole(one, axis) && isWhole(other, axis))
  return name === 'sizes' && whole ? replace(EVERYTHING) : undefined
}

function sameData({ data, outputs }: Node, other: Node): boolean {
  if (outputs[0]!.shape.join() !== other.outputs[0]!.shape.join()) return false
  return data!.length === other.data?.length && data!.every((value, i) => value === other.data![i])
}

function differences(one: readonly number[], other: readonly number[]): number[] {
  return one.flatMap((size, axis) => (size === other[axis] ? [] : [axis]))
}
