import { isErrorCode, type MurmurError } from '../../core/errors.ts'
import { type BackendName, isEager } from './engine.ts'

/** Another backend took over. */
export interface BackendNotice {
  reason: 'KERNEL_UNSUPPORTED' | 'BACKEND_UNAVAILABLE'
  /** Those that could not be traced; empty for an unavailable backend. */
  kernels: readonly string[]
  from: BackendName
  to: BackendName
  /** All of it in one line, for people. */
  message: string
}

/** Backends in the order in which they are tried. */
export interface BackendOrder {
  /** Not empty. */
  names: readonly BackendName[]
  /** The first was asked for by name, and must be available. */
  first: 'required' | 'preferred'
}

export interface FallbackInit {
  /** Throws where another backend would take over. @default false */
  strict?: boolean
  /** Told of each reason why another backend took over. */
  onNotice?: (notice: BackendNotice) => void
}

interface Fault {
  from: BackendName
  error: MurmurError
}

/**
 * What `attempt` makes of the first backend on which it succeeds. A model that one provider's graph cannot express
 * (`KERNEL_UNSUPPORTED`) goes to tfjs's own backends; where the first is preferred and does not open
 * (`BACKEND_UNAVAILABLE`), the next one's turn comes. Every other error is thrown.
 * @throws the first error if no backend succeeds
 */
export async function onFirstBackend<T>(
  { names, first }: BackendOrder,
  { strict = false, onNotice }: FallbackInit,
  attempt: (name: BackendName) => Promise<T>,
): Promise<T> {
  const faults: Fault[] = []
  for (const name of names) {
    // What cannot be traced for one provider can be for none.
    if (!isEager(name) && faults.some(({ error }) => error.code === 'KERNEL_UNSUPPORTED')) continue
    try {
      const result = await attempt(name)
      for (const fault of faults) onNotice?.(noticeOf(fault, name))
      return result
    } catch (error) {
      const absent = isErrorCode(error, 'BACKEND_UNAVAILABLE')
      if (strict || !(absent || isErrorCode(error, 'KERNEL_UNSUPPORTED'))) throw error
      if (absent && first === 'required' && faults.length === 0) throw error
      // That an eager backend is not installed is worth a word only if it was asked for.
      if (!(absent && isEager(name) && faults.length > 0)) faults.push({ from: name, error })
    }
  }
  throw faults[0]!.error
}

function noticeOf({ from, error }: Fault, to: BackendName): BackendNotice {
  const outcome = isEager(to)
    ? `so the model runs operation by operation on ${to}, which is much slower`
    : `${to} is used instead`
  return {
    reason: error.code as BackendNotice['reason'],
    kernels: (error.details.kernels as readonly string[] | undefined) ?? [],
    from,
    to,
    message: `${error.message}; ${outcome}`.replace(/\s+/g, ' '),
  }
}
