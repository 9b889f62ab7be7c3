import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { finish } from './activation.ts'
import type { KernelAttributes, KernelRules } from './rule.ts'

type Inputs = Readonly<Record<string, Value>>

function product(build: GraphBuilder, { a, b }: Inputs, attributes: KernelAttributes): Value {
  const [transposeA, transposeB] = [attributes.transposeA === true, attributes.transposeB === true]
  if (a!.dtype === 'float32') return build.add('MatMul', [a!, b!], { transposeA, transposeB })
  const factors = [transposeA ? swapped(build, a!) : a!, transposeB ? swapped(build, b!) : b!]
  return build.add('MatMul', factors, { transposeA: false, transposeB: false })
}

/** With the last two axes exchanged, for products of integers: onnxruntime has no kernel that reads those transposed. */
function swapped(build: GraphBuilder, x: Value): Value {
  const rank = x.shape.length
  const order = x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis))
  return build.add('Transpose', [x], { order })
}

export const productKernels: KernelRules = {
  BatchMatMul: product,
  _FusedMatMul: (build, inputs, attributes) => finish(build, product(build, inputs, attributes), inputs, attributes),
}
