/**
 * Optimizers are pure functions on flat arrays: they own no memory but the state views handed to them, so a trainer
 * can keep everything in shared memory and a checkpoint can name every array. They compute in single precision: vectors of one
 * arena take the loops of assembly/loops.ts, others the plain ones, with the same results to the bit.
 */
export interface Optimizer {
  /** Names of the state vectors, each as long as the parameters: none, `momentum`, or `moment1` and `moment2`. */
  readonly state: readonly string[]
  /**
   * One update in place.
   * @param age updates made before this one since the state was zero; bias corrections count from it
   * @param gradientScale multiplies the gradients first: they are clipped without a pass of its own. @default 1
   */
  update(
    parameters: Float32Array,
    gradients: Float32Array,
    state: readonly Float32Array[],
    learningRate: number,
    age: number,
    gradientScale?: number,
  ): void
}
