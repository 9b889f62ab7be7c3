import type { Allocate, Mixing } from './synchronous.ts'

/** What an outer optimizer keeps between rounds. */
export interface OuterState {
  /** The parameters after the last outer step. */
  phi: Float32Array
  /** Their momentum; 0 at first. */
  velocity: Float32Array
}

/** Makes the next state of the last one and of the mean of the parameters that were trained meanwhile. */
export type OuterRule = (last: Readonly<OuterState>, mean: Float32Array, next: OuterState) => void

/** An outer step that can be tried again: `step` makes phi of the mean, `commit` remembers that it was made. */
export interface OuterStep extends Required<Pick<Mixing, 'begin' | 'commit'>> {
  step(mean: Float32Array): void
}

/** Keeps phi and velocity, each twice. */
export function outerStep(allocate: Allocate, rule: OuterRule): OuterStep {
  const last = { phi: allocate(), velocity: allocate() }
  const next = { phi: allocate(), velocity: allocate() }
  return {
    begin: values => last.phi.set(values),
    step(mean) {
      rule(last, mean, next)
      mean.set(next.phi)
    },
    commit() {
      last.phi.set(next.phi)
      last.velocity.set(next.velocity)
    },
  }
}
