import { type Graph, type Node, sameShape, type Value } from './graph.ts'
import { inferTypes } from './shapes.ts'

/**
 * Checks what every pass must keep: each node reads only values made before it, and the types of its values are those
 * that follow from its inputs. A fault is the engine's own, never the user's, hence a plain Error.
 * @throws Error that names the pass and prints the failing node
 */
export function verify(graph: Graph, pass: string): Graph {
  const known = new Set<Value>()
  for (const node of graph.nodes) {
    try {
      verifyNode(node, known)
    } catch (error) {
      throw new Error(`Graph is wrong after ${pass}: ${(error as Error).message}\n  ${printNode(node)}`, {
        cause: error,
      })
    }
    for (const output of node.outputs) known.add(output)
  }
  for (const [name, value] of graph.outputs) {
    if (!known.has(value)) throw new Error(`Graph is wrong after ${pass}: output ${name} is never made`)
  }
  return graph
}

function verifyNode(node: Node, known: ReadonlySet<Value>): void {
  for (const input of node.inputs) {
    if (!known.has(input)) throw new TypeError(`%${input.id} is read before it is made`)
  }
  const types = inferTypes(node)
  if (types.length !== node.outputs.length) throw new TypeError(`should have ${types.length} outputs`)
  for (const [i, type] of types.entries()) {
    const output = node.outputs[i]!
    if (output.dtype !== type.dtype || !sameShape(output.shape, type.shape)) {
      throw new TypeError(`output ${i} should be ${type.dtype}[${type.shape}]`)
    }
  }
}

/** `%7: float32[2,3] = Add(%5: float32[2,3], %6: float32[]) {}` */
export function printNode(node: Node): string {
  const print = (value: Value) => `%${value.id}: ${value.dtype}[${value.shape}]`
  const attributes = Object.keys(node.attributes).length > 0 ? ` ${JSON.stringify(node.attributes)}` : ''
  return `${node.outputs.map(print).join(', ')} = ${node.op}(${node.inputs.map(print).join(', ')})${attributes}`
}
