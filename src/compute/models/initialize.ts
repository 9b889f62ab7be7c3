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
