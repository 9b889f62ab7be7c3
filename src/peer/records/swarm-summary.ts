import type { ExchangeFailure } from '../../core/telemetry.ts'
import { mergeStaleness, type StalenessQuantiles, stalenessQuantiles } from './staleness.ts'
import { type ExchangeCounts, type PeerSummary, tokensPerSecond } from './summary.ts'

/** Several peers' summaries taken together. */
export interface SwarmSummary {
  peers: number
  /** Of all peers. */
  tokens: number
  /** Each exchange counted once, by its initiator. */
  exchanges: ExchangeCounts
  /** In local steps, over all exchanges that came to pass. */
  staleness: StalenessQuantiles
  bytesSent: {
    /** Mean over the peers. */
    perPeer: number
    /** Of all peers, by the tokens of all peers. */
    perToken: number
  }
  /** After warm-up. */
  tokensPerSecond: {
    /** Mean over the peers. */
    perPeer: number
    total: number
  }
  /** Share of all peers' wall time after warm-up that went into training steps, in [0, 1]. */
  trainingShare: number
}

/** Sums over no peers are 0. Pure. */
export function summarizeSwarm(peers: readonly PeerSummary[]): SwarmSummary {
  const total = (pick: (peer: PeerSummary) => number) => peers.reduce((sum, peer) => sum + pick(peer), 0)
  const tokens = total(peer => peer.tokens)
  const bytesSent = total(peer => peer.bytesSent)
  const rate = total(peer => tokensPerSecond(peer) ?? 0)
  return {
    peers: peers.length,
    tokens,
    exchanges: sumExchanges(peers.map(peer => peer.exchanges)),
    staleness: stalenessQuantiles(mergeStaleness(peers.map(peer => peer.staleness))),
    bytesSent: { perPeer: ratio(bytesSent, peers.length), perToken: ratio(bytesSent, tokens) },
    tokensPerSecond: { perPeer: ratio(rate, peers.length), total: rate },
    trainingShare: ratio(
      total(peer => peer.pace.stepMs),
      total(peer => peer.pace.wallMs),
    ),
  }
}

export function sumExchanges(counts: readonly ExchangeCounts[]): ExchangeCounts {
  const failed: Partial<Record<ExchangeFailure, number>> = {}
  let tried = 0
  let ok = 0
  for (const count of counts) {
    tried += count.tried
    ok += count.ok
    for (const [reason, n] of Object.entries(count.failed) as [ExchangeFailure, number][]) {
      failed[reason] = (failed[reason] ?? 0) + n
    }
  }
  return { tried, ok, failed }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
