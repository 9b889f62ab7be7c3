import { getKernel, type KernelBackend, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core'
import { sizeOf } from '../graph.ts'
import { filterGradient } from './filter-gradient.ts'

/** Replaces what dominates a training step on tfjs's WebAssembly backend, once its kernels are complete. */
export function hastenKernels(): void {
  for (const kernel of ['BatchMatMul', '_FusedMatMul']) replace(kernel, transposeFirst)
  replace('UnsortedSegmentSum', addRows)
  replace('Conv2DBackpropFilter', filterGradient)
}

function replace(kernel: string, faster: (own: KernelFunc) => KernelFunc): void {
  const config = getKernel(kernel, 'wasm')
  unregisterKernel(kernel, 'wasm')
  registerKernel({ ...config, kernelFunc: faster(config.kernelFunc) })
}

/** Products of transposed matrices, which every backward pass is full of, take a path without SIMD. */
const transposeFirst =
  (multiply: KernelFunc): KernelFunc =>
  call => {
    const { inputs, backend } = call
    const attrs = call.attrs as unknown as { transposeA: boolean; transposeB: boolean }
    const wasm = backend as KernelBackend
    const turned = { ...inputs }
    const made: object[] = []
    for (const [name, transposed] of [
      ['a', attrs.transposeA],
      ['b', attrs.transposeB],
    ] as const) {
      const x = inputs[name]!
      if (!transposed || x.dtype !== 'float32') continue
      const axes = x.shape.map((_, axis) => axis)
      const perm = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]
      const result = getKernel('Transpose', 'wasm').kernelFunc({ inputs: { x }, attrs: { perm }, backend })
      turned[name] = [result].flat()[0]!
      made.push(turned[name].dataId)
    }
    if (made.length === 0) return multiply(call)
    try {
      const flags = {
        transposeA: attrs.transposeA && turned.a === inputs.a,
        transposeB: attrs.transposeB && turned.b === inputs.b,
      }
      return multiply({ ...call, inputs: turned, attrs: { ...call.attrs, ...flags } })
    } finally {
      for (const dataId of made) wasm.disposeData(dataId)
    }
  }

/**
 * The gradient of an embedding: the CPU backend passes over all rows once for each segment, this once in all. The sums
 * are float32 whatever is summed, as there.
 */
const addRows =
  (own: KernelFunc): KernelFunc =>
  call => {
    const { x, segmentIds } = call.inputs
    const { numSegments } = call.attrs as unknown as { numSegments: number }
    if (segmentIds!.shape.length !== 1) return own(call)
    const wasm = call.backend as KernelBackend
    const rows = wasm.readSync(x!.dataId) as Float32Array | Int32Array
    const segments = wasm.readSync(segmentIds!.dataId) as Int32Array
    const shape = [numSegments, ...x!.shape.slice(1)]
    const width = sizeOf(x!.shape.slice(1))
    const sums = new Float64Array(sizeOf(shape))
    for (const [row, segment] of segments.entries()) {
      if (segment < 0 || segment >= numSegments) continue
      for (let i = 0; i < width; i++) sums[segment * width + i]! += rows[row * width + i]!
    }
    return { dataId: wasm.write(Float32Array.from(sums), shape, 'float32'), shape, dtype: 'float32' }
  }
