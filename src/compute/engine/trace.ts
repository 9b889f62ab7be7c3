import * as tf from '@tensorflow/tfjs-core'
import { MurmurError } from '../../core/errors.ts'
import { onBackend } from './active-backend.ts'
import { GraphBuilder } from './builder.ts'
import type { Graph, TensorType, Value } from './graph.ts'
import type { KernelAttributes, KernelRule, KernelRules } from './kernels/rule.ts'
import { kernelTable } from './kernels/table.ts'
import { untracedKernels } from './kernels/untraced.ts'
import { missingKernel } from './missing-kernel.ts'
import { TraceBackend } from './trace-backend.ts'
import { UntraceableError } from './untraceable.ts'

const backendName = 'murmur-trace'

export interface TraceInput extends TensorType {
  readonly name: string
  readonly dtype: 'float32' | 'int32'
}

/** Maps named tensors to named tensors. */
export type Compute = (tensors: Readonly<Record<string, tf.Tensor>>) => Readonly<Record<string, tf.Tensor>>

/**
 * Runs tfjs code on tensors that have shapes but no numbers, and returns what it computed as a graph.
 * tfjs has one active backend for the whole process: it is put back as it was, and everything made in between is
 * disposed.
 * @throws MurmurError `KERNEL_UNSUPPORTED`
 */
export function trace(inputs: readonly TraceInput[], compute: Compute, rules: KernelRules = kernelTable): Graph {
  const build = new GraphBuilder()
  const backend = new TraceBackend(build)
  const outputs = new Map<string, Value>()
  withBackend(backend, recorders(backend, build, rules), () => {
    tf.tidy(() => {
      const tensors: Record<string, tf.Tensor> = {}
      for (const { name, shape, dtype } of inputs) {
        tensors[name] = tf.engine().makeTensorFromTensorInfo(backend.keep(build.input(name, { shape, dtype })))
      }
      const results = compute(tensors)
      for (const [name, tensor] of Object.entries(results)) outputs.set(name, backend.lookUp(tensor.dataId))
    })
  })
  return build.finish(outputs)
}

function withBackend(backend: TraceBackend, kernels: readonly tf.KernelConfig[], task: () => void): void {
  for (const kernel of kernels) tf.registerKernel(kernel)
  tf.registerBackend(backendName, () => backend)
  try {
    onBackend(backendName, task)
  } catch (error) {
    throw asUnsupported(error)
  } finally {
    tf.removeBackend(backendName)
    for (const { kernelName } of kernels) tf.unregisterKernel(kernelName, backendName)
  }
}

const recorders = (backend: TraceBackend, build: GraphBuilder, rules: KernelRules): tf.KernelConfig[] =>
  Object.entries(rules).map(([kernelName, rule]) => ({
    kernelName,
    backendName,
    kernelFunc: recorder(backend, build, kernelName, rule),
  }))

/** The kernel as tfjs calls it: looks the values of its tensors up, and makes tensors of what the rule appended. */
function recorder(backend: TraceBackend, build: GraphBuilder, kernel: string, rule: KernelRule): tf.KernelFunc {
  return ({ inputs, attrs }) => {
    const values: Record<string, Value> = {}
    for (const [name, tensor] of Object.entries(inputs)) {
      if (tensor) values[name] = backend.lookUp(tensor.dataId)
    }
    try {
      const result = rule(build, values, (attrs ?? {}) as KernelAttributes)
      return Array.isArray(result) ? result.map(value => backend.keep(value)) : backend.keep(result as Value)
    } catch (error) {
      if (!(error instanceof UntraceableError)) throw error
      throw unsupported([kernel], `${kernel} cannot be traced here: ${error.message}`, error)
    }
  }
}

function unsupported(kernels: readonly string[], message: string, cause?: unknown): MurmurError {
  return new MurmurError({ code: 'KERNEL_UNSUPPORTED', message, details: { kernels }, cause })
}

const reason = (kernel: string): string => (untracedKernels[kernel] ? ` (${untracedKernels[kernel]})` : '')

/** tfjs reports a kernel that its backend lacks, or that has no gradient, as a plain Error. */
function asUnsupported(error: unknown): unknown {
  const missing = missingKernel(error)
  if (!missing) return error
  const { kernel, of } = missing
  const message =
    of === 'kernel'
      ? `No rule traces the kernel ${kernel}${reason(kernel)}`
      : `tfjs has no gradient for the kernel ${kernel}`
  return unsupported([kernel], message, error)
}
