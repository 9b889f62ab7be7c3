import type { ModelParameter } from './model.ts'

type Initializer = ModelParameter['initialize']

export const zeros: Initializer = values => {
  values.fill(0)
}

export const ones: Initializer = values => {
  values.fill(1)
}

/** Normal with mean 0. */
export const normal =
  (deviation: number): Initializer =>
  (values, random) => {
    for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal()
  }

/**
 * A rectified layer's weight, whose last axis counts its outputs, and its bias. He et al. 2015 (arXiv:1502.01852) keep
 * the variance of what passes through rectifiers.
 */
export function heParameters(name: string, shape: readonly number[], group: number): ModelParameter[] {
  const outputs = shape.at(-1)!
  const inputs = shape.reduce((product, size) => product * size, 1) / outputs
  return [
    { name: `${name}.weight`, shape, group, initialize: normal(Math.sqrt(2 / inputs)) },
    { name: `${name}.bias`, shape: [outputs], group, initialize: zeros },
  ]
}
