/**
 * `GET /api/curves`: the whole run as at most 512 time buckets, ready for a plot with one time axis. All lists are as
 * long as `times`; null where a bucket has nothing.
 */
export interface Curves {
  /** Beginnings of the buckets. */
  times: readonly number[]
  /** Milliseconds of each. It doubles when the run outgrows the buckets, and never shrinks. */
  bucketMs: number
  swarm: Readonly<Record<CurveName, Series>>
  /** Least and greatest loss of any peer in each bucket: the band that a thousand peers make. */
  lossRange: { least: Series; greatest: Series }
  /** Training loss of each peer, of at most 64: those first seen. */
  peers: readonly { id: string; loss: Series }[]
}

export type Series = readonly (number | null)[]

export type CurveName =
  /** Mean over the bucket's steps, nats per token. */
  | 'loss'
  /** Mean over the bucket's evaluations, nats per token. */
  | 'validationLoss'
  /** Null for the last buckets, as long as a step in them may be under way. */
  | 'tokensPerSecond'
  /** As in `Totals`, over the bucket's exchanges. */
  | 'consensusDistance'
  /** Share of the bucket's exchanges that came to pass, in [0, 1]. */
  | 'exchangeSuccess'
  /** Mean over the bucket's exchanges, local steps. */
  | 'staleness'
  /** Mean over the bucket's exchanges, milliseconds. */
  | 'roundTripMs'
  | 'bytesPerToken'
  /** In [0, 1]. */
  | 'trainingShare'
  /** Peers that said something in the bucket. */
  | 'peers'
