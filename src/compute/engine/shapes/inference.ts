import type { Attributes, TensorType } from '../graph.ts'
import { UntraceableError } from '../untraceable.ts'

/** Shape and type of every operator's outputs, from its inputs and attributes. Throws where they do not fit. */
export type Inference = (inputs: readonly TensorType[], attributes: Attributes) => readonly TensorType[]

/** Numpy's rule: shapes align at the right, sizes are equal or one of them is 1. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    if (left !== right && left !== 1 && right !== 1) throw new UntraceableError(`[${a}] and [${b}] do not broadcast`)
    return left === 1 ? right : left
  })
}

export const shapeOf = (attributes: Attributes, name: string): readonly number[] => {
  const value = attributes[name]
  if (!Array.isArray(value)) throw new TypeError(`attribute ${name} should be a list of integers`)
  return value
}

export const integerOf = (attributes: Attributes, name: string): number => {
  const value = attributes[name]
  if (!Number.isInteger(value)) throw new TypeError(`attribute ${name} should be an integer`)
  return value as number
}

export const product = (shape: readonly number[]) => shape.reduce((all, size) => all * size, 1)

export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new UntraceableError(message)
}

export function only(inputs: readonly TensorType[], count: number): readonly TensorType[] {
  expect(inputs.length === count, `takes ${count} inputs, has ${inputs.length}`)
  return inputs
}

export function sameType(a: TensorType, b: TensorType): void {
  expect(a.dtype === b.dtype, `mixes ${a.dtype} and ${b.dtype}`)
}
