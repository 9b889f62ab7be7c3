export interface MissingKernel {
  kernel: string
  /** What the backend, or tfjs itself, lacks. */
  of: 'kernel' | 'gradient'
}

/** tfjs reports a kernel that a backend lacks, or that has no gradient, as a plain Error: undefined for all others. */
export function missingKernel(error: unknown): MissingKernel | undefined {
  if (!(error instanceof Error)) return undefined
  const kernel = /^Kernel '(\w+)' not registered/.exec(error.message)?.[1]
  if (kernel) return { kernel, of: 'kernel' }
  const rigid = /gradient function not found for (\w+)/.exec(error.message)?.[1]
  return rigid ? { kernel: rigid, of: 'gradient' } : undefined
}
