import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'

/** Time as a port: real in a mesh, virtual in a simulation. Milliseconds. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never runs backwards. */
  now(): number
  /** Milliseconds since the Unix epoch, for records and heartbeats only. */
  date(): number
  /** Resolves after `ms`; rejects with the signal's reason when it fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Lets other work of this thread go on; takes no time. */
  turn(): Promise<void>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted()
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
  },
  turn: () => nextTurn(),
}
