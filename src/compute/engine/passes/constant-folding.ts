import type { GraphBuilder } from '../builder.ts'
import { type DataType, type Graph, type Node, uniformValue, type Value } from '../graph.ts'
import { inferTypes } from '../shapes.ts'
import { rewrite } from './rewrite.ts'

/** Elementwise operators on numbers; booleans are 0 and 1. */
const scalarOps: Readonly<Record<string, (...values: number[]) => number>> = {
  Abs: Math.abs,
  Add: (a, b) => a! + b!,
  And: (a, b) => a! & b!,
  Cos: Math.cos,
  Div: (a, b) => a! / b!,
  Equal: (a, b) => Number(a === b),
  Exp: Math.exp,
  Greater: (a, b) => Number(a! > b!),
  GreaterOrEqual: (a, b) => Number(a! >= b!),
  Less: (a, b) => Number(a! < b!),
  LessOrEqual: (a, b) => Number(a! <= b!),
  Log: Math.log,
  Max: Math.max,
  Min: Math.min,
  Mul: (a, b) => a! * b!,
  Neg: a => -a!,
  Not: a => 1 - a!,
  Or: (a, b) => a! | b!,
  Pow: (a, b) => a! ** b!,
  Reciprocal: a => 1 / a!,
  Sin: Math.sin,
  Sqrt: Math.sqrt,
  Sub: (a, b) => a! - b!,
  Tanh: Math.tanh,
  Where: (condition, a, b) => (condition ? a! : b!),
}

/** Operators that move a uniform constant's elements about without changing what they are. */
const movingOps: ReadonlySet<string> = new Set([
  'Expand',
  'Gather',
  'Identity',
  'Reshape',
  'Slice',
  'Tile',
  'Transpose',
])

/**
 * Computes what depends on constants alone. Only where it costs nothing: constants whose elements are all equal stay one
 * number, whatever their shape, and a constant of full size is only given another shape.
 */
export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, build) => {
    const folded = fold(node, inputs, build)
    return folded && [folded]
  })
}

function fold(node: Node, inputs: readonly Value[], build: GraphBuilder): Value | undefined {
  const first = inputs[0]
  if (!first?.node.data) return undefined
  const type = inferTypes({ op: node.op, inputs, attributes: node.attributes })[0]!
  if (type.dtype === 'float16') return undefined // rounded where it runs
  if (node.op === 'Reshape') return build.constant(first.node.data, type)
  const value = uniformValue(first)
  if (value === undefined) return undefined
  if (movingOps.has(node.op)) return build.fill(value, type)
  if (node.op === 'Cast') return build.fill(castNumber(value, type.dtype), type)
  const values = inputs.map(uniformValue)
  const compute = scalarOps[node.op]
  if (!compute || values.includes(undefined)) return undefined
  return build.fill(compute(...(values as number[])), type)
}

function castNumber(value: number, to: DataType): number {
  if (to === 'bool') return Number(value !== 0)
  return to === 'float32' ? value : Math.trunc(value)
}
