/**
 * The intermediate representation between a tfjs trace and an ONNX model: a directed acyclic graph of typed values.
 * Operators bear ONNX names and meanings, except that everything static (axes, shapes, permutations) is an attribute
 * and that `MatMul` carries `transposeA` and `transposeB`; `onnx/lower.ts` says how each is written.
 * Graphs are never changed in place: a pass builds a new one.
 */
export type DataType = 'float32' | 'float16' | 'int32' | 'int64' | 'bool'

export interface TensorType {
  readonly shape: readonly number[]
  readonly dtype: DataType
}

/** What a constant holds: all its elements, or one that stands for all of them. */
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array

export type Attribute = number | string | boolean | readonly number[]
export type Attributes = Readonly<Record<string, Attribute>>

export interface Node {
  readonly op: string
  readonly inputs: readonly Value[]
  readonly attributes: Attributes
  readonly outputs: readonly Value[]
  /** Only of op `Constant`. */
  readonly data?: ConstantData
}

export interface Value extends TensorType {
  /** Unique in its graph and increasing along the nodes. */
  readonly id: number
  readonly node: Node
}

export interface Graph {
  /** Every node after the nodes whose values it reads. */
  readonly nodes: readonly Node[]
  readonly outputs: ReadonlyMap<string, Value>
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis])

/** The only element of a constant whose elements are all equal; undefined for every other value. */
export function uniformValue(value: Value): number | undefined {
  return value.node.data?.length === 1 ? Number(value.node.data[0]) : undefined
}

/** The graph's inputs, in the order in which they were declared. */
export function graphInputs(graph: Graph): { name: string; value: Value }[] {
  return graph.nodes
    .filter(node => node.op === 'Input')
    .map(node => ({ name: String(node.attributes.name), value: node.outputs[0]! }))
}
