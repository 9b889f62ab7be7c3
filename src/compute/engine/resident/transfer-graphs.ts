import { GraphBuilder } from '../builder.ts'
import type { Graph, Value } from '../graph.ts'

/** How the tensors of a transfer are called, by their places. */
export const valueName = (place: number) => `value/${place}`
export const deltaName = (place: number) => `delta/${place}`
export const resultName = (place: number) => `result/${place}`
export const scaleName = 'scale'

type Shapes = readonly (readonly number[])[]

/** `result/i` = `value/i`: brings tensors from where they lie to where the session's outputs go. */
export function copyGraph(shapes: Shapes): Graph {
  const build = new GraphBuilder()
  return graphOf(build, shapes, value => build.add('Identity', [value]))
}

/** `result/i` = `value/i` + `scale` x `delta/i`. */
export function additionGraph(shapes: Shapes): Graph {
  const build = new GraphBuilder()
  const scale = build.input(scaleName, { shape: [], dtype: 'float32' })
  return graphOf(build, shapes, (value, place) => {
    const delta = build.input(deltaName(place), value)
    return build.add('Add', [value, build.add('Mul', [delta, scale])])
  })
}

function graphOf(build: GraphBuilder, shapes: Shapes, result: (value: Value, place: number) => Value): Graph {
  const results = shapes.map((shape, place) => {
    const value = build.input(valueName(place), { shape, dtype: 'float32' })
    return [resultName(place), result(value, place)] as const
  })
  return build.finish(new Map(results))
}
