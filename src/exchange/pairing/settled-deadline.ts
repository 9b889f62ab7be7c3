import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'

/**
 * `withDeadline` for tasks that own memory: it fires the task's signal as usual, but resolves only when the task has
 * ended, so that nobody writes into a buffer after its owner let go of it.
 */
export async function settledDeadline<T>(
  clock: Clock,
  ms: number,
  what: string,
  parent: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let running: Promise<T> | undefined
  try {
    return await withDeadline(clock, ms, what, parent, signal => {
      running = task(signal)
      return running
    })
  } catch (error) {
    await running?.catch(() => {}) // its own failure, or the same one again
    throw error
  }
}
