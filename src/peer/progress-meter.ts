/** What a peer tells the others of its own progress. Exponential means over about `WINDOW` steps. */
export interface ProgressMeter {
  add(step: { loss: number; wallMs: number }): void
  /** Smoothed training loss, nats per token; null before the first step. */
  readonly loss: number | null
  /** Smoothed milliseconds from one step's end to the next one's; 0 before the first step. */
  readonly wallMs: number
}

const WINDOW = 20

export function progressMeter(): ProgressMeter {
  let steps = 0
  let loss = 0
  let wallMs = 0
  return {
    add(step) {
      steps++
      const share = 1 / Math.min(steps, WINDOW)
      loss += share * (step.loss - loss)
      wallMs += share * (step.wallMs - wallMs)
    },
    get loss() {
      return steps === 0 ? null : loss
    },
    get wallMs() {
      return wallMs
    },
  }
}
