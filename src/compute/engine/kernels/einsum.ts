import { backend_util } from '@tensorflow/tfjs-core'
import type { GraphBuilder } from '../builder.ts'
import { sizeOf, type Value } from '../graph.ts'
import type { KernelRules } from './rule.ts'

/** An operand and what its axes are called. */
interface Operand {
  value: Value
  axes: readonly number[]
}

function transpose(build: GraphBuilder, { value, axes }: Operand, to: readonly number[]): Value {
  return build.add('Transpose', [value], { order: to.map(axis => axes.indexOf(axis)) })
}

/** Sums over the axes that `keep` does not hold. */
function sumOthers(build: GraphBuilder, { value, axes }: Operand, keep: ReadonlySet<number>): Operand {
  const summed = axes.map((axis, i) => ({ axis, i })).filter(({ axis }) => !keep.has(axis))
  if (summed.length === 0) return { value, axes }
  const sum = build.add('ReduceSum', [value], { axes: summed.map(({ i }) => i), keepDims: false })
  return { value: sum, axes: axes.filter(axis => keep.has(axis)) }
}

/** A matrix product: axes that both have and the result too are its batch, those that only both have are summed over. */
function contract(build: GraphBuilder, a: Operand, b: Operand, result: ReadonlySet<number>): Operand {
  const sizes = new Map([a, b].flatMap(({ value, axes }) => axes.map((axis, i) => [axis, value.shape[i]!] as const)))
  const shared = a.axes.filter(axis => b.axes.includes(axis))
  const batch = shared.filter(axis => result.has(axis))
  const inner = shared.filter(axis => !result.has(axis))
  const rows = a.axes.filter(axis => !shared.includes(axis))
  const columns = b.axes.filter(axis => !shared.includes(axis))
  const size = (axes: readonly number[]) => sizeOf(axes.map(axis => sizes.get(axis)!))
  const left = build.reshape(transpose(build, a, [...batch, ...rows, ...inner]), [size(batch), size(rows), size(inner)])
  const right = build.reshape(transpose(build, b, [...batch, ...inner, ...columns]), [
    size(batch),
    size(inner),
    size(columns),
  ])
  const product = build.add('MatMul', [left, right], { transposeA: false, transposeB: false })
  const axes = [...batch, ...rows, ...columns]
  const shape = axes.map(axis => sizes.get(axis)!)
  return { value: build.reshape(product, shape), axes }
}

export const einsumKernels: KernelRules = {
  Einsum: (build, inputs, { equation }) => {
    const values = Object.values(inputs)
    const { allDims, idDims } = backend_util.decodeEinsumEquation(String(equation), values.length)
    // tfjs numbers the axes of the result first.
    const rank = String(equation).split('->')[1]!.replaceAll(/\s/g, '').length
    const order = allDims.slice(0, rank).map((_, axis) => axis)
    const result = new Set(order)
    const operands = values.map((value, i): Operand => ({ value, axes: idDims[i]! }))
    const [a, b] = operands.map((operand, i) => {
      const others = operands.filter((_, k) => k !== i).flatMap(({ axes }) => axes)
      return sumOthers(build, operand, new Set([...order, ...others]))
    })
    return transpose(build, b ? contract(build, a!, b, result) : a!, order)
  },
}
