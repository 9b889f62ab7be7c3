/**
 * What the exchange wing sees of a trainer: a parameter vector with one writer. Others read copies and hand in
 * additive deltas, which the writer applies between its steps.
 */
export interface ParameterHost {
  /**
   * A vector of zeros to read snapshots into and hand deltas in with: it lies where both are fastest. Never freed before
   * the host, so ask once.
   */
  allocate(length: number): Float32Array<SharedArrayBuffer>
  /**
   * Copies `into.length` parameters from `offset` at the next step boundary, all from the same step.
   * `into` must lie over a SharedArrayBuffer.
   */
  snapshot(offset: number, into: Float32Array<SharedArrayBuffer>, signal?: AbortSignal): Promise<Stamp>
  /**
   * Adds `scale * delta` to the parameters from `offset` at the next step boundary. Never both cancelled and applied:
   * once accepted it is applied, and the promise tells when. `delta` may be reused as soon as the promise resolves.
   */
  apply(offset: number, delta: Float32Array<SharedArrayBuffer>, scale: number): Promise<Stamp>
}

/**
 * Replaces the gradient of a step, before clipping and the optimizer see it, by what the swarm makes of it. Training waits
 * for it. Never rejects: where the swarm fails, the gradient stays as it is.
 * @param step local steps finished before
 */
export type GradientReducer = (
  gradient: Float32Array<SharedArrayBuffer>,
  step: number,
  signal: AbortSignal,
) => Promise<void>

/** The moment of a read or write, in the writer's own time. */
export interface Stamp {
  /** Local steps finished before it. */
  step: number
}

export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(length * 4))
}
