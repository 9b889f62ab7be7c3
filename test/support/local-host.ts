import { setImmediate } from 'node:timers/promises'
import { type ParameterHost, type Stamp, sharedFloats } from '../../src/core/parameters.ts'
import type { Random } from '../../src/core/random.ts'

/**
 * A trainer without a model: each step adds noise to the parameters. It keeps account of what its own steps changed, so
 * that whatever else changed came from averaging.
 */
export class LocalHost implements ParameterHost {
  readonly values: Float32Array<SharedArrayBuffer>
  readonly initial: Float32Array
  /** What this host's own steps added, exactly. */
  readonly own: Float64Array
  readonly #random: Random
  readonly #scale: number
  /** While training, reads and writes wait for the next step boundary. */
  #training = false
  readonly #boundary: (() => void)[] = []
  step = 0

  /** @param scale standard deviation of a step's update to each parameter */
  constructor(initial: ArrayLike<number>, random: Random, scale = 1e-3) {
    this.values = sharedFloats(initial.length)
    this.values.set(initial)
    this.initial = this.values.slice()
    this.own = new Float64Array(initial.length)
    this.#random = random
    this.#scale = scale
  }

  allocate(length: number): Float32Array<SharedArrayBuffer> {
    return sharedFloats(length)
  }

  /** Takes steps, one a turn of the event loop, until the signal fires. */
  async train(signal: AbortSignal, onStep: (step: number) => void = () => {}): Promise<void> {
    this.#training = true
    while (!signal.aborted) {
      this.takeStep()
      onStep(this.step)
      await setImmediate()
    }
    this.#training = false
    this.#flush()
  }

  takeStep(): void {
    for (let i = 0; i < this.values.length; i++) {
      const before = this.values[i]!
      this.values[i] = before + this.#scale * this.#random.normal()
      this.own[i] = this.own[i]! + (this.values[i]! - before)
    }
    this.step += 1
    this.#flush()
  }

  snapshot(offset: number, into: Float32Array<SharedArrayBuffer>): Promise<Stamp> {
    return this.#atBoundary(() => into.set(this.values.subarray(offset, offset + into.length)))
  }

  apply(offset: number, delta: Float32Array<SharedArrayBuffer>, scale: number): Promise<Stamp> {
    return this.#atBoundary(() => {
      for (let i = 0; i < delta.length; i++) {
        this.values[offset + i] = this.values[offset + i]! + scale * delta[i]!
      }
    })
  }

  #atBoundary(task: () => void): Promise<Stamp> {
    return new Promise(resolve => {
      const run = () => {
        task()
        resolve({ step: this.step })
      }
      if (this.#training) this.#boundary.push(run)
      else run()
    })
  }

  #flush(): void {
    for (const run of this.#boundary.splice(0)) run()
  }
}
