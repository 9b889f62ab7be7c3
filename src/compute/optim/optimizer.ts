/**
 * Optimizers are pure functions on flat arrays: they own no memory but the state views handed to them, so a trainer
 * can keep everything in shared memory and a checkpoint can name every array.
 */
export interface Optimizer {
  /** Names of the state vectors, each as long as the parameters: none, `momentum`, or `moment1` and `moment2`. */
  readonly state: readonly string[]
  /**
   * One update in place.
   * @param age updates made before this one since the state was zero; bias corrections count from it
   */
  update(
    parameters: Float32Array,
    gradients: Float32Array,
    state: readonly Float32Array[],
    learningRate: number,
    age: number,
  ): void
}
