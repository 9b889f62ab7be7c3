import type { ConstantData, DataType } from './graph.ts'

/** Elements of a type from plain numbers; booleans are 0 and 1. */
export function typedArray(values: Iterable<number>, dtype: DataType): ConstantData {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values)
    case 'float16':
      throw new TypeError('float16 is internal to the graph: constants are float32 and cast')
    case 'int32':
      return Int32Array.from(values)
    case 'int64':
      return BigInt64Array.from(values, BigInt)
    case 'bool':
      return Uint8Array.from(values)
  }
}
