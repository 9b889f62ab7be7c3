import type { Clock } from '../../core/clock.ts'

/** A clock that is of no use to the dead: whoever waits on it when the signal fires, or later, waits for ever. */
export function mortalClock(clock: Clock, dead: AbortSignal): Clock {
  return {
    now: () => clock.now(),
    date: () => clock.date(),
    turn: () => outlived(clock.turn(), dead),
    sleep: (ms, signal) => outlived(clock.sleep(ms, signal), dead),
  }
}

/** Settles as the promise does, unless the signal has fired by then. */
export async function outlived<T>(promise: Promise<T>, dead: AbortSignal): Promise<T> {
  try {
    const value = await promise
    if (!dead.aborted) return value
  } catch (error) {
    if (!dead.aborted) throw error
  }
  return await new Promise<T>(() => {})
}
