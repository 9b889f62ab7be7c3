import {
  engine,
  getKernelsForBackend,
  type KernelBackend,
  type KernelFunc,
  type TensorInfo,
} from '@tensorflow/tfjs-core'
import { isErrorCode, MurmurError } from '../../core/errors.ts'
import { loadCpuBackend } from './cpu-backend.ts'
import { type DataType, type Graph, sizeOf, type Value } from './graph.ts'
import type { KernelRule, KernelRules } from './kernels/rule.ts'
import { kernelTable } from './kernels/table.ts'
import { type Compute, type TraceInput, trace } from './trace.ts'
import { typedArray } from './typed-array.ts'

/**
 * Traces, and on a kernel without a rule goes on to find all of them, so that one error names everything that a model
 * would need.
 * @throws MurmurError `KERNEL_UNSUPPORTED`, with `details.kernels`
 */
export async function traceOrSurvey(inputs: readonly TraceInput[], compute: Compute): Promise<Graph> {
  try {
    return trace(inputs, compute)
  } catch (error) {
    if (!isErrorCode(error, 'KERNEL_UNSUPPORTED')) throw error
    const first = (error.details.kernels as string[] | undefined) ?? []
    const kernels = [...new Set([...first, ...(await missingKernels(inputs, compute))])]
    if (kernels.length < 2) throw error
    throw new MurmurError({
      code: 'KERNEL_UNSUPPORTED',
      message: `${error.message}; kernels that cannot be traced: ${kernels.join(', ')}`,
      details: { kernels },
      cause: error,
    })
  }
}

/**
 * The kernels without a rule, in the order met. What they would have returned is learnt from tfjs's CPU backend, on
 * zeros. Ends early where their gradients are missing too.
 */
async function missingKernels(inputs: readonly TraceInput[], compute: Compute): Promise<string[]> {
  await loadCpuBackend()
  const backend = engine().findBackend('cpu') as ZeroBackend
  const missing = new Set<string>()
  const rules: Record<string, KernelRule> = {}
  for (const { kernelName, kernelFunc } of getKernelsForBackend('cpu')) {
    rules[kernelName] = (build, values, attributes) => {
      missing.add(kernelName)
      const outputs = outputsOnZeros(kernelFunc, values, attributes, backend)
      const constants = outputs.map(({ shape, dtype }) => build.fill(0, { shape, dtype: dtype as DataType }))
      return constants.length === 1 ? constants[0]! : constants
    }
  }
  const surveyed: KernelRules = { ...rules, ...kernelTable }
  try {
    trace(inputs, compute, surveyed)
  } catch {
    // The first error is the one that is told; this was only to learn more.
  }
  return [...missing]
}

/** What the CPU backend has and the type of a backend lacks. */
interface ZeroBackend extends KernelBackend {
  makeTensorInfo(shape: readonly number[], dtype: string, values: unknown): TensorInfo
  disposeIntermediateTensorInfo(info: TensorInfo): void
}

function outputsOnZeros(
  kernel: KernelFunc,
  values: Readonly<Record<string, Value>>,
  attributes: object,
  backend: ZeroBackend,
): TensorInfo[] {
  const zeros = Object.entries(values).map(([name, { shape, dtype }]) => {
    const elements = typedArray(new Uint8Array(sizeOf(shape)), dtype)
    return [name, backend.makeTensorInfo(shape, dtype, elements)] as const
  })
  const results = [kernel({ inputs: Object.fromEntries(zeros), attrs: attributes as never, backend })].flat()
  for (const info of [...zeros.map(([, zero]) => zero), ...results]) backend.disposeIntermediateTensorInfo(info)
  return results
}
