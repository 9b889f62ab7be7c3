import { keep, type Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers'

/** A weight of a LayersModel as a parameter of the run. */
export interface LayerWeight {
  /** As tfjs names it, `dense_Dense1/kernel`, but counted within this model. */
  name: string
  /** Place of its layer in the model. */
  group: number
  variable: LayerVariable
  /** False for a frozen weight and for a layer's own bookkeeping, such as a moving mean. */
  trainable: boolean
}

/** The weights of a built model, layer by layer, a shared one once. */
export function layerWeights(model: LayersModel): LayerWeight[] {
  const trainable = new Set(model.trainableWeights.map(({ id }) => id))
  const rename = ownNumbers()
  const seen = new Set<number>()
  const names = new Map<string, number>()
  return model.layers.flatMap((layer, group) =>
    layer.weights
      .filter(({ id }) => !seen.has(id) && seen.add(id))
      .map(variable => {
        const name = unique(variable.originalName.split('/').map(rename).join('/'), names)
        return { name, group, variable, trainable: trainable.has(variable.id) }
      }),
  )
}

/**
 * tfjs numbers the layers that have no name of their own over the whole process: the n-th one of its kind in this
 * model becomes n.
 */
function ownNumbers(): (part: string) => string {
  const given = new Map<string, string>()
  const counts = new Map<string, number>()
  return part => {
    const [, kind] = /^([a-z0-9_]+_[A-Z]\w*?)\d+$/.exec(part) ?? []
    if (kind === undefined) return part
    const known = given.get(part)
    if (known !== undefined) return known
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    given.set(part, `${kind}${count}`)
    return `${kind}${count}`
  }
}

function unique(name: string, names: Map<string, number>): string {
  const count = names.get(name) ?? 0
  names.set(name, count + 1)
  return count === 0 ? name : unique(`${name}_${count}`, names)
}

/** One pass over a model: what its layers read in place of their weights, and what they wrote. */
export interface WeightPass {
  /** Ids of the variables that were read. */
  readonly read: ReadonlySet<number>
  /** By variable id, the last value written. */
  readonly written: ReadonlyMap<number, Tensor>
}

/**
 * Runs `task` while each weight reads as what `valueFor` says. A layer knows its weights by `LayerVariable.read` and
 * `write` alone, so these two are shadowed on each of the model's own variables and laid bare again afterwards.
 */
export function withWeights<T>(
  weights: readonly LayerWeight[],
  valueFor: (weight: LayerWeight) => Tensor,
  task: (pass: WeightPass) => T,
): T {
  const read = new Set<number>()
  const written = new Map<number, Tensor>()
  for (const weight of weights) {
    const { variable } = weight
    variable.read = () => {
      read.add(variable.id)
      return valueFor(weight)
    }
    variable.write = value => {
      written.get(variable.id)?.dispose()
      written.set(variable.id, keep(value))
      return variable
    }
  }
  try {
    return task({ read, written })
  } finally {
    for (const { variable } of weights) {
      Reflect.deleteProperty(variable, 'read')
      Reflect.deleteProperty(variable, 'write')
    }
    for (const value of written.values()) value.dispose()
  }
}
