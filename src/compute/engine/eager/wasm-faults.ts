import type { TensorInfo } from '@tensorflow/tfjs-core'

/** Kernels of tfjs-backend-wasm 4.22 that compute wrong values, or write outside their output, for every input. */
const wrong = new Set([
  'Conv3DBackpropFilterV2',
  'Conv3DBackpropInputV2',
  'Dilation2D',
  'Dilation2DBackpropFilter',
  'Dilation2DBackpropInput',
  'FloorDiv',
  'MaxPool3D',
  'MaxPool3DGrad',
  'MaxPoolGrad',
])

/** Kernels that are right for float32 alone. */
const floatOnly = new Set(['ClipByValue', 'ResizeNearestNeighbor', 'StridedSlice'])

/** Kernels that are right for booleans; the rest takes them for 4 bytes each, and corrupts memory. */
const forBooleans = new Set([
  'All',
  'Any',
  'Cast',
  'Equal',
  'ExpandDims',
  'Identity',
  'LogicalAnd',
  'LogicalNot',
  'LogicalOr',
  'LogicalXor',
  'NotEqual',
  'Reshape',
])

/**
 * Whether tfjs's WebAssembly kernel may be used for these inputs. Found by comparing every kernel with the CPU
 * backend's (`test/unit/compute/engine/eager/wasm.test.ts`).
 */
export function wasmIsRight(kernel: string, inputs: readonly TensorInfo[], attributes: unknown): boolean {
  if (wrong.has(kernel)) return false
  const { dtype, pad, transposeA, transposeB } = (attributes ?? {}) as Readonly<Record<string, unknown>>
  if (kernel === 'Cast' && dtype === 'bool') return false
  if (kernel === 'OneHot' && dtype !== 'int32') return false
  // Convolutions and pools with padding given in numbers, or rows of numbers, write outside their output.
  if (pad !== undefined && pad !== 'same' && pad !== 'valid') return false
  // It adds a bias to the first of several products only, and to none of a transposed matrix.
  const plain = !transposeA && !transposeB && !inputs.slice(0, 2).some(isBatch)
  if (kernel === '_FusedMatMul' && inputs.length > 2 && !plain) return false
  const selected = kernel === 'Select' ? inputs.slice(1) : inputs
  return selected.every(
    ({ dtype: type }) => (type !== 'bool' || forBooleans.has(kernel)) && (type === 'float32' || !floatOnly.has(kernel)),
  )
}

const isBatch = ({ shape }: TensorInfo): boolean => shape.slice(0, -2).some(size => size !== 1)
