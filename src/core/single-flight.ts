export interface SingleFlight {
  /** Runs the task unless it still runs. */
  start(): void
  /** Resolves when it does not run. */
  idle(): Promise<void>
}

/** A background task of which one runs at a time; what is asked for meanwhile is dropped. It must not throw. */
export function singleFlight(task: () => Promise<void>): SingleFlight {
  let flight: Promise<void> | undefined
  return {
    start() {
      flight ??= task().finally(() => {
        flight = undefined
      })
    },
    idle: async () => await flight,
  }
}
