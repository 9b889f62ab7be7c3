import { mergeStaleness } from '../../peer/records/staleness.ts'
import { sumExchanges } from '../../peer/records/swarm-summary.ts'
import type { PeerState, Totals } from '../api/state.ts'
import { consensusEstimate } from '../timeline/consensus-estimate.ts'
import { unrecorded } from '../timeline/edge-record.ts'
import type { Swarm } from '../timeline/swarm.ts'
import type { ViewContext } from './peer-state.ts'
import { stalenessDistribution } from './staleness-distribution.ts'

/** Of all peers together. @param states of the swarm's peers, in any order. Pure. */
export function swarmTotals(swarm: Swarm, states: readonly PeerState[], context: ViewContext): Totals {
  const records = Array.from(swarm.peers.values())
  const live = states.filter(({ presence }) => presence === 'live')
  const counted = live.length > 0 ? live : states
  const sum = (pick: (state: PeerState) => number) => states.reduce((total, state) => total + pick(state), 0)
  const tokens = sum(state => state.tokens)
  const bytesSent = sum(state => state.bytesSent)
  const outcomes = records.flatMap(record => record.recentOutcomes)
  const recorded = (peer: string) => swarm.peers.get(peer)?.summary !== undefined
  const summaries = records.flatMap(({ summary }) => summary ?? [])
  return {
    live: live.length,
    silent: states.filter(({ presence }) => presence === 'silent').length,
    departed: states.filter(({ presence }) => presence === 'departed').length,
    step: states.reduce((most, { step }) => Math.max(most, step), 0),
    totalSteps: context.totalSteps ?? null,
    tokens,
    tokensPerSecond: sum(state => state.tokensPerSecond ?? 0),
    loss: mean(counted.map(({ loss }) => loss)),
    validationLoss: mean(counted.map(({ validationLoss }) => validationLoss)),
    trainingShare: mean(counted.map(state => state.trainingShare)),
    consensusDistance: consensusEstimate(mean(counted.map(({ disagreement }) => square(disagreement))), counted.length),
    exchanges: sumExchanges([
      ...summaries.map(({ exchanges }) => exchanges),
      ...Array.from(swarm.edges.values()).flatMap(edge => unrecorded(edge, recorded)),
    ]),
    recentSuccess: outcomes.length > 0 ? outcomes.filter(Boolean).length / outcomes.length : null,
    staleness: stalenessDistribution(mergeStaleness(summaries.map(({ staleness }) => staleness))),
    bytesSent,
    bytesPerToken: tokens > 0 && bytesSent > 0 ? bytesSent / tokens : null,
    warnings: sum(state => state.warnings),
  }
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter(value => value !== null)
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null
}

function square(value: number | null): number | null {
  return value === null ? null : value * value
}
