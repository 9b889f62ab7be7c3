import type { Clock } from './clock.ts'
import { MurmurError } from './errors.ts'

/**
 * Runs `task` with a signal that fires when `ms` have passed on `clock` or when `parent` fires. Every wait in this
 * project goes through here or takes a signal that did, so that none can last for ever.
 * @throws MurmurError `TIMED_OUT` when the deadline passed first; the parent's reason when that fired first.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  what: string,
  parent: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  parent?.throwIfAborted()
  const deadline = new AbortController()
  const finished = new AbortController()
  const signal = parent ? AbortSignal.any([parent, deadline.signal]) : deadline.signal
  clock.sleep(ms, finished.signal).then(
    () => deadline.abort(new MurmurError({ code: 'TIMED_OUT', message: `${what} took longer than ${ms} ms` })),
    () => {}, // the task finished first
  )
  try {
    return await Promise.race([task(signal), rejection(signal, finished.signal)])
  } finally {
    finished.abort(FINISHED)
  }
}

/** Given, because the exception that `abort` would make otherwise costs more than the rest of a deadline. */
const FINISHED = 'finished'

/** Rejects with the signal's reason, so that a task which ignores its signal cannot outlive the deadline. */
function rejection(signal: AbortSignal, finished: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: finished })
  })
}
