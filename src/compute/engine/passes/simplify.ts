import type { GraphBuilder } from '../builder.ts'
import { type Graph, type Node, sameShape, uniformValue, type Value } from '../graph.ts'
import { inferTypes } from '../shapes.ts'
import { rewrite } from './rewrite.ts'

type Identity = (inputs: readonly Value[], build: GraphBuilder, node: Node) => Value | undefined

/** The operand that is left when the other is the neutral element, and broadcasting did not widen it. */
const neutral =
  (element: number, commutes: boolean): Identity =>
  ([a, b], build, node) => {
    const { shape } = inferTypes({ ...node, inputs: [a!, b!] })[0]!
    const kept = uniformValue(b!) === element ? a! : commutes && uniformValue(a!) === element ? b! : undefined
    if (!kept) return undefined
    return sameShape(kept.shape, shape) ? kept : build.add('Expand', [kept], { shape })
  }

const identities: Readonly<Record<string, Identity>> = {
  Add: neutral(0, true),
  Sub: neutral(0, false),
  Mul: neutral(1, true),
  Div: neutral(1, false),
  Identity: ([x]) => x,
  Cast: ([x], _, { attributes }) => (x!.dtype === attributes.to ? x : undefined),
  Expand: ([x], _, { attributes }) => (sameShape(x!.shape, attributes.shape as readonly number[]) ? x : undefined),
  Neg: ([x]) => (x!.node.op === 'Neg' ? x!.node.inputs[0] : undefined),
  Reshape: ([x], build, { attributes }) => {
    const from = x!.node.op === 'Reshape' ? x!.node.inputs[0]! : x!
    const shape = attributes.shape as readonly number[]
    return from !== x || sameShape(from.shape, shape) ? build.reshape(from, shape) : undefined
  },
  Transpose: ([x], build, { attributes }) => {
    const order = attributes.order as readonly number[]
    if (order.every((from, axis) => from === axis)) return x
    if (x!.node.op !== 'Transpose') return undefined
    const earlier = x!.node.attributes.order as readonly number[]
    const joined = order.map(axis => earlier[axis]!)
    const [source] = x!.node.inputs
    return joined.every((from, axis) => from === axis) ? source : build.add('Transpose', [source!], { order: joined })
  },
}

/** Operators that broadcast, to which a uniform constant may as well be a scalar. */
const broadcasting: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min'])

/** The node with uniform operands as scalars, where the other operand has the result's shape already. */
function narrow(node: Node, [a, b]: readonly Value[], build: GraphBuilder): Value | undefined {
  if (!broadcasting.has(node.op)) return undefined
  const { shape } = node.outputs[0]!
  const scalar = (value: Value, other: Value): Value => {
    const uniform = value.shape.length > 0 && sameShape(other.shape, shape) ? uniformValue(value) : undefined
    return uniform === undefined ? value : build.fill(uniform, { shape: [], dtype: value.dtype })
  }
  const operands = [scalar(a!, b!), scalar(b!, a!)] as const
  return operands[0] === a && operands[1] === b ? undefined : build.add(node.op, operands)
}

/** Drops operations that change nothing, joins neighbours that are one, and shrinks constants to what is read of them. */
export function simplify(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, build) => {
    const value = identities[node.op]?.(inputs, build, node) ?? narrow(node, inputs, build)
    return value && [value]
  })
}
