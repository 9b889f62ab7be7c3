import type { Attributes, ConstantData, Graph, Node, TensorType, Value } from './graph.ts'
import { sameShape } from './graph.ts'
import { inferTypes } from './shapes.ts'
import { typedArray } from './typed-array.ts'

/** Appends nodes in data-flow order; the types of their values are inferred. */
export class GraphBuilder {
  readonly #nodes: Node[] = []
  #values = 0

  input(name: string, type: TensorType): Value {
    return this.#append('Input', [], { name, shape: type.shape, dtype: type.dtype })[0]!
  }

  /** `data` holds all elements or, if all are equal, one. */
  constant(data: ConstantData, type: TensorType): Value {
    return this.#append('Constant', [], { shape: type.shape, dtype: type.dtype }, data)[0]!
  }

  /** A constant of one repeated element. */
  fill(value: number, type: TensorType): Value {
    return this.constant(typedArray([value], type.dtype), { shape: type.shape, dtype: type.dtype })
  }

  /** Appends a node with one output. */
  add(op: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.#append(op, inputs, attributes)[0]!
  }

  /** Appends a node with any number of outputs. */
  addMany(op: string, inputs: readonly Value[], attributes: Attributes = {}): readonly Value[] {
    return this.#append(op, inputs, attributes)
  }

  /** Appends the same operation on other inputs. */
  copy(node: Node, inputs: readonly Value[]): readonly Value[] {
    return this.#append(node.op, inputs, node.attributes, node.data)
  }

  /** The value itself where it has the shape already. */
  reshape(value: Value, shape: readonly number[]): Value {
    return sameShape(value.shape, shape) ? value : this.add('Reshape', [value], { shape })
  }

  finish(outputs: ReadonlyMap<string, Value>): Graph {
    return { nodes: [...this.#nodes], outputs }
  }

  #append(op: string, inputs: readonly Value[], attributes: Attributes, data?: ConstantData): readonly Value[] {
    const outputs: Value[] = []
    const node: Node = { op, inputs, attributes, outputs, ...(data && { data }) }
    for (const type of inferTypes(node)) outputs.push({ id: this.#values++, node, ...type })
    this.#nodes.push(node)
    return outputs
  }
}
