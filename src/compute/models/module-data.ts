import type { DataDescription } from '../data/source.ts'
import type { InputSpec } from './model.ts'

/** What a module's `init` and `createModel` are told of the data. */
export type ModelData =
  | { kind: 'images'; shape: readonly [rows: number, columns: number, channels: number]; classes: number }
  | { kind: 'text'; vocabulary: number; context: number }

export function modelData(data: DataDescription, context: number): ModelData {
  return data.kind === 'images'
    ? { kind: data.kind, shape: data.shape, classes: data.classes }
    : { kind: data.kind, vocabulary: data.vocabulary, context }
}

/** Images as [batch, rows, columns, channels] in [0, 1] with a class each; windows of tokens with the next ones. */
export function dataInputs(data: ModelData, batchSize: number): InputSpec[] {
  return data.kind === 'images'
    ? [
        { name: 'inputs', shape: [batchSize, ...data.shape], dtype: 'float32' },
        { name: 'targets', shape: [batchSize], dtype: 'int32' },
      ]
    : (['inputs', 'targets'] as const).map(name => ({ name, shape: [batchSize, data.context], dtype: 'int32' }))
}
