import {
  type BackendValues,
  engine,
  getKernel,
  getKernelsForBackend,
  type KernelBackend,
  type KernelFunc,
  type NamedTensorInfoMap,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core'
import type { DataType } from '../graph.ts'
import { typedArray } from '../typed-array.ts'
import { unsupported } from './unsupported.ts'
import { wasmIsRight } from './wasm-faults.ts'

/**
 * Gives the WebAssembly backend the CPU backend's own function for every kernel that it lacks (the gradient of a
 * convolution by its filter and sums by segment among them), and wherever its own is wrong: the inputs are read from
 * its memory and the outputs written back. Both backends must have their kernels registered.
 */
export function bridgeKernels(): void {
  for (const { kernelName, kernelFunc } of getKernelsForBackend('cpu')) {
    const bridged = bridge(kernelName, kernelFunc)
    const own = getKernel(kernelName, 'wasm')
    if (own) unregisterKernel(kernelName, 'wasm')
    registerKernel({
      ...own,
      kernelName,
      backendName: 'wasm',
      kernelFunc: own
        ? call => (wasmIsRight(kernelName, tensorsOf(call.inputs), call.attrs) ? own.kernelFunc(call) : bridged(call))
        : bridged,
    })
  }
}

/** What the CPU backend has and the type of a backend lacks. */
interface CpuBackend extends KernelBackend {
  makeTensorInfo(shape: readonly number[], dtype: string, values: unknown): TensorInfo
  disposeIntermediateTensorInfo(info: TensorInfo): void
}

function bridge(kernel: string, compute: KernelFunc): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const wasm = backend as KernelBackend
    const cpu = engine().findBackend('cpu') as CpuBackend
    const copies: TensorInfo[] = []
    const toCpu = ({ dataId, shape, dtype }: TensorInfo) => {
      const copy = cpu.makeTensorInfo(shape, numeric(kernel, dtype), wasm.readSync(dataId))
      copies.push(copy)
      return { ...copy, rank: shape.length } // some of its kernels expect tensors
    }
    try {
      const moved = mapTensors(inputs, toCpu) as NamedTensorInfoMap
      const results = [compute({ inputs: moved, attrs, backend: cpu })].flat()
      copies.push(...results)
      const outputs = results.map(({ dataId, shape, dtype }) => {
        const values = elements(cpu.readSync(dataId), numeric(kernel, dtype))
        return { dataId: wasm.write(values, shape, dtype), shape, dtype }
      })
      return outputs.length === 1 ? outputs[0]! : outputs
    } finally {
      for (const copy of copies) cpu.disposeIntermediateTensorInfo(copy)
    }
  }
}

/** The types that this memory holds; complex numbers and strings it does not. */
function numeric(kernel: string, dtype: string): DataType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype
  throw unsupported('wasm', kernel, `tfjs's wasm backend has no tensors of type ${dtype}, which ${kernel} needs`)
}

/** The CPU backend's kernels may leave plain numbers behind. */
const elements = (values: BackendValues, dtype: DataType): BackendValues =>
  ArrayBuffer.isView(values) ? values : (typedArray(values as unknown as number[], dtype) as BackendValues)

/** A kernel's inputs are named, or in a row, or named rows; some may be missing. */
type Inputs = TensorInfo | undefined | readonly Inputs[] | { readonly [name: string]: Inputs }

function mapTensors(inputs: Inputs, map: (info: TensorInfo) => TensorInfo): unknown {
  if (!inputs) return inputs
  if (Array.isArray(inputs)) return inputs.map(input => mapTensors(input, map))
  if ('dataId' in inputs) return map(inputs as TensorInfo)
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, mapTensors(input, map)]))
}

function tensorsOf(inputs: NamedTensorInfoMap): TensorInfo[] {
  const found: TensorInfo[] = []
  mapTensors(inputs, info => {
    found.push(info)
    return info
  })
  return found
}
