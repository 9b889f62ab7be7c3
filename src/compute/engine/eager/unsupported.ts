import { MurmurError } from '../../../core/errors.ts'
import type { EagerBackend } from '../engine.ts'
import { missingKernel } from '../missing-kernel.ts'

/** The named error for a kernel, or its gradient, that tfjs lacks on a backend; every other error as it is. */
export function asUnsupported(error: unknown, backend: EagerBackend): unknown {
  const missing = missingKernel(error)
  if (!missing) return error
  const { kernel, of } = missing
  return unsupported(
    backend,
    kernel,
    of === 'kernel' ? `tfjs has no kernel ${kernel} on ${backend}` : `tfjs has no gradient for the kernel ${kernel}`,
    error,
  )
}

export const unsupported = (backend: EagerBackend, kernel: string, message: string, cause?: unknown): MurmurError =>
  new MurmurError({ code: 'KERNEL_UNSUPPORTED', message, details: { kernels: [kernel], backend }, cause })
