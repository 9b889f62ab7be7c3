import type { InputSpec } from '../models/model.ts'
import type { Batch } from './engine.ts'
import { sizeOf } from './graph.ts'

/** A batch of nothing but zeros, to find out with whether a model runs at all. */
export const zeroBatch = (inputs: readonly InputSpec[]): Batch =>
  Object.fromEntries(
    inputs.map(({ name, shape, dtype }) => {
      const length = sizeOf(shape)
      return [name, dtype === 'int32' ? new Int32Array(length) : new Float32Array(length)]
    }),
  )
