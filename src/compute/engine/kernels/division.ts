import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { type KernelRule, type KernelRules, scalarLike } from './rule.ts'

/** A divisor that is never zero, by which a processor may divide integers without a trap. */
function divisorOf(build: GraphBuilder, b: Value): Value {
  if (b.dtype === 'float32') return b
  return build.add('Where', [build.add('Equal', [b, scalarLike(build, 0, b)]), scalarLike(build, 1, b), b])
}

/** a - b floor(a / b), with the divisor's sign. */
function remainder(build: GraphBuilder, a: Value, b: Value): Value {
  const rest = build.add('Mod', [a, b])
  if (b.dtype !== 'float32') return rest
  const opposed = build.add('Less', [build.add('Mul', [rest, b]), scalarLike(build, 0, b)])
  return build.add('Where', [opposed, build.add('Add', [rest, b]), rest])
}

const floorDivision: KernelRule = (build, { a, b }) => {
  if (b!.dtype === 'float32') {
    return build.add('Cast', [build.add('Floor', [build.add('Div', [a!, b!])])], { to: 'int32' })
  }
  const divisor = divisorOf(build, b!)
  return build.add('Div', [build.add('Sub', [a!, remainder(build, a!, divisor)]), divisor])
}

export const divisionKernels: KernelRules = {
  FloorDiv: floorDivision,
  Mod: (build, { a, b }) => remainder(build, a!, divisorOf(build, b!)),
}
