import type { Shard } from '../../core/layout.ts'
import type { ParameterHost, Stamp } from '../../core/parameters.ts'

/** What a pair averages: a shard, some coordinates of one, or a vector that stands beside the parameters. */
export interface View {
  /** The shard's name. */
  readonly shard: string
  /** Number of values. */
  readonly length: number
  /** Which coordinates of the shard, where not all: the number of a random draw. */
  readonly draw?: number
  /** Fills `into`, as long as the view, with values that were there at one moment. */
  snapshot(into: Float32Array<SharedArrayBuffer>): Promise<Stamp>
  /** Adds `scale * delta`. Applied, once accepted; `delta` may be reused when the promise resolves. */
  apply(delta: Float32Array<SharedArrayBuffer>, scale: number): Promise<Stamp>
}

/** A shard of the parameters, whole. */
export function shardView(parameters: ParameterHost, { name, offset, length }: Shard): View {
  return {
    shard: name,
    length,
    snapshot: into => parameters.snapshot(offset, into),
    apply: (delta, scale) => parameters.apply(offset, delta, scale),
  }
}
