import { type ConstantData, type DataType, type Graph, graphInputs, type Node, sizeOf, type Value } from '../graph.ts'
import { typedArray } from '../typed-array.ts'
import { type Lowered, lower, type TypedList } from './lower.ts'
import { attributeType, elementType, modelType } from './schema.ts'
import type { SymbolicAxes } from './symbolic-batch.ts'

/** The newest operator set whose every operator used here onnxruntime 1.30 has CPU kernels for. */
const operatorSet = 21
const intermediateRepresentation = 10

export interface SerializeInit {
  /** Values of inputs that are part of the file. @default none */
  initializers?: Readonly<Record<string, ConstantData>>
  /** Axes of inputs and outputs whose length is open, and what it is called. @default none */
  symbolic?: { name: string; axes: SymbolicAxes }
  producerVersion?: string
  /** What a reader is told besides. @default nothing */
  metadata?: Readonly<Record<string, string>>
  /** Refuses operators beyond ai.onnx. @default false */
  plain?: boolean
}

/**
 * The graph as the bytes of an ONNX ModelProto. Values are named after their ids, inputs and outputs as the graph says.
 * @throws Error when it has to be plain and is not
 */
export function serialize(graph: Graph, init: SerializeInit = {}): Uint8Array {
  return new Serializer(graph, init).bytes()
}

class Serializer {
  readonly #graph: Graph
  readonly #names = new Map<Value, string>()
  readonly #initializers: object[] = []
  readonly #lists = new Set<string>()

  readonly #init: SerializeInit

  constructor(graph: Graph, init: SerializeInit) {
    this.#graph = graph
    this.#init = init
  }

  bytes(): Uint8Array {
    const { initializers = {}, metadata = {}, plain = false } = this.#init
    for (const { name, value } of graphInputs(this.#graph)) {
      this.#names.set(value, name)
      if (initializers[name]) this.#initializers.push(tensor(name, value, initializers[name]))
    }
    const inputs = graphInputs(this.#graph).filter(({ name }) => !initializers[name])
    const aliases: object[] = []
    for (const [name, value] of this.#graph.outputs) {
      // An output that is an input, a constant or another output already needs a node of its own.
      if (this.#names.has(value) || value.node.op === 'Constant') {
        aliases.push({ op_type: 'Identity', input: [this.#name(value)], output: [name] })
      } else this.#names.set(value, name)
    }
    const node = this.#graph.nodes.flatMap(each => this.#node(each))
    const type = modelType()
    return type
      .encode(
        type.fromObject({
          ir_version: intermediateRepresentation,
          producer_name: 'murmuration',
          producer_version: this.#init.producerVersion,
          opset_import: [
            { domain: '', version: operatorSet },
            ...(plain ? [] : [{ domain: 'com.microsoft', version: 1 }]),
          ],
          metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
          graph: {
            name: 'model',
            node: [...node, ...aliases],
            initializer: this.#initializers,
            input: inputs.map(({ name, value }) => this.#valueInfo(name, value)),
            output: [...this.#graph.outputs].map(([name, value]) => this.#valueInfo(name, value)),
          },
        }),
      )
      .finish()
  }

  #name(value: Value): string {
    return this.#names.get(value) ?? `%${value.id}`
  }

  #node(node: Node): object[] {
    if (node.op === 'Input') return []
    if (node.data) {
      this.#initializers.push(tensor(this.#name(node.outputs[0]!), node.outputs[0]!, node.data))
      return []
    }
    const lowered = lower(node)
    if (this.#init.plain && lowered.domain !== '') {
      throw new Error(`Expected operators of ai.onnx alone, got ${lowered.domain}.${lowered.op}`)
    }
    return [
      {
        op_type: lowered.op,
        domain: lowered.domain,
        input: [...node.inputs.map(input => this.#name(input)), ...lowered.constants.map(list => this.#list(list))],
        output: node.outputs.map(output => this.#name(output)),
        attribute: Object.entries(lowered.attributes).map(([name, value]) => attribute(name, value)),
      },
    ]
  }

  #valueInfo(name: string, value: Value): object {
    const { name: open, axes } = this.#init.symbolic ?? {}
    const dimension = (size: number, axis: number) =>
      axes?.get(name)?.includes(axis) ? { dim_param: open } : { dim_value: size }
    const shape = { dim: value.shape.map(dimension) }
    return { name, type: { tensor_type: { elem_type: elementType[value.dtype], shape } } }
  }

  /** The name of a constant list; equal ones are written once. */
  #list(list: readonly number[] | TypedList): string {
    const { values, dtype } = 'dtype' in list ? list : { values: list, dtype: 'int64' as const }
    const name = `${dtype}[${values}]`
    if (!this.#lists.has(name)) {
      this.#lists.add(name)
      this.#initializers.push(tensor(name, { shape: [values.length], dtype }, typedArray(values, dtype)))
    }
    return name
  }
}

function tensor(name: string, type: { shape: readonly number[]; dtype: DataType }, data: ConstantData): object {
  const size = sizeOf(type.shape)
  const full = data.length === size ? data : repeat(data, size)
  return {
    name,
    dims: type.shape,
    data_type: elementType[type.dtype],
    raw_data: new Uint8Array(full.buffer, full.byteOffset, full.byteLength),
  }
}

function repeat(data: ConstantData, size: number): ConstantData {
  if (data instanceof BigInt64Array) return new BigInt64Array(size).fill(data[0]!)
  const make = data.constructor as new (size: number) => Float32Array | Int32Array | Uint8Array
  return new make(size).fill(data[0] as number)
}

function attribute(name: string, value: Lowered['attributes'][string]): object {
  if (typeof value === 'number') return { name, type: attributeType.int, i: value }
  if ('float' in value) return { name, type: attributeType.float, f: value.float }
  if ('text' in value) return { name, type: attributeType.string, s: Buffer.from(value.text) }
  return { name, type: attributeType.ints, ints: value }
}
