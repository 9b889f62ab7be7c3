import type { AveragerFactory } from '../averager.ts'
import { noAveraging } from './no-averaging.ts'
import { type PairwiseGossipInit, pairwiseGossip } from './pairwise-gossip.ts'

/** Names in run.yaml. */
type AveragingAlgorithm = keyof typeof averagers

export type AveragingInit = { algorithm: AveragingAlgorithm } & PairwiseGossipInit

const averagers = {
  pairwise: pairwiseGossip,
  none: noAveraging,
} satisfies Record<string, (init: PairwiseGossipInit) => AveragerFactory>

export function createAverager(init: AveragingInit): AveragerFactory {
  return averagers[init.algorithm](init)
}
