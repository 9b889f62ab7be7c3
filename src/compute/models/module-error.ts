import { MurmurError } from '../../core/errors.ts'

export function moduleError(file: string, problem: string, cause?: unknown): MurmurError {
  const message = `The model ${file}: ${problem.replaceAll(/\s+/g, ' ')}`
  return new MurmurError({ code: 'MODEL_INVALID', message, details: { file }, cause })
}

/** Calls into a module: what it throws is told with the export that threw. */
export function callExport<T>(file: string, name: string, task: () => T): T {
  try {
    return task()
  } catch (error) {
    if (error instanceof MurmurError || isMissingKernel(error)) throw error
    throw moduleError(file, `\`${name}\` failed: ${error instanceof Error ? error.message : error}`, error)
  }
}

/** What tfjs throws where a backend lacks a kernel or a kernel its gradient: the engine's to tell (engine/trace.ts). */
function isMissingKernel(error: unknown): boolean {
  return error instanceof Error && /kernel '\w+'|gradient function not found/i.test(error.message)
}

/** @throws MurmurError `MODEL_INVALID` if the module exports something else under that name */
export function optionalFunction<T>(
  exports: Readonly<Record<string, unknown>>,
  name: string,
  file: string,
): T | undefined {
  const value = exports[name]
  if (value === undefined || typeof value === 'function') return value as T | undefined
  throw moduleError(file, `expected \`${name}\` to be a function, got ${typeof value}`)
}
