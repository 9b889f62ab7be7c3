import { backend_util, getKernel, type KernelBackend, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core'

interface FilterGradientAttributes {
  strides: [number, number]
  pad: 'same' | 'valid' | number | backend_util.ExplicitPadding
  dataFormat: 'NHWC' | 'NCHW'
  dimRoundingMode: 'floor' | 'round' | 'ceil'
  filterShape: [number, number, number, number]
}

/**
 * The gradient of a two-dimensional convolution by its filter on the WebAssembly backend, as matrix products: the
 * patches under the filter, one to a row, times what came back for each. One example at a time, so that memory stays
 * that of one.
 */
export const filterGradient =
  (own: KernelFunc): KernelFunc =>
  call => {
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } = call.attrs as unknown as FilterGradientAttributes
    if (dataFormat !== 'NHWC') return own(call)
    const wasm = call.backend as KernelBackend
    const { x, dy } = call.inputs as { x: TensorInfo; dy: TensorInfo }
    const shape = x.shape as [number, number, number, number]
    const info = backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode)
    const images = wasm.readSync(x.dataId) as Float32Array
    const returned = wasm.readSync(dy.dataId) as Float32Array
    const rows = info.outHeight * info.outWidth
    const columns = info.filterHeight * info.filterWidth * info.inChannels
    const patches = new Float32Array(rows * columns)
    const gradient = new Float32Array(columns * info.outChannels)
    for (let example = 0; example < info.batchSize; example++) {
      const image = images.length / info.batchSize
      fillPatches(patches, images.subarray(example * image, (example + 1) * image), info)
      const back = rows * info.outChannels
      const product = transposedProduct(
        wasm,
        { values: patches, shape: [rows, columns] },
        { values: returned.subarray(example * back, (example + 1) * back), shape: [rows, info.outChannels] },
      )
      for (const [i, value] of product.entries()) gradient[i]! += value
    }
    return { dataId: wasm.write(gradient, filterShape, 'float32'), shape: filterShape, dtype: 'float32' }
  }

/** Zero where a patch lies outside the image. */
function fillPatches(patches: Float32Array, image: Float32Array, info: backend_util.Conv2DInfo): void {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info
  let at = 0
  for (let outRow = 0; outRow < info.outHeight; outRow++) {
    for (let outColumn = 0; outColumn < info.outWidth; outColumn++) {
      for (let i = 0; i < filterHeight; i++) {
        const row = outRow * strideHeight + i - padInfo.top
        for (let j = 0; j < filterWidth; j++) {
          const column = outColumn * strideWidth + j - padInfo.left
          const inside = row >= 0 && row < inHeight && column >= 0 && column < inWidth
          const from = (row * inWidth + column) * inChannels
          for (let channel = 0; channel < inChannels; channel++) {
            patches[at++] = inside ? image[from + channel]! : 0
          }
        }
      }
    }
  }
}

interface Matrix {
  values: Float32Array
  shape: [number, number]
}

/** a' b */
function transposedProduct(wasm: KernelBackend, a: Matrix, b: Matrix): Float32Array {
  const [left, right] = [a, b].map(({ values, shape: [rows, columns] }) => {
    const shape = [1, rows, columns]
    return { dataId: wasm.write(values, shape, 'float32'), shape, dtype: 'float32' } as const
  }) as [TensorInfo, TensorInfo]
  const product = getKernel('BatchMatMul', 'wasm').kernelFunc({
    inputs: { a: left, b: right },
    attrs: { transposeA: true, transposeB: false },
    backend: wasm,
  }) as TensorInfo
  const values = wasm.readSync(product.dataId) as Float32Array
  for (const { dataId } of [left, right, product]) wasm.disposeData(dataId)
  return values
}
