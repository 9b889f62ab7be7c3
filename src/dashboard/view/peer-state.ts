import { median } from '../../core/median.ts'
import { recentTokensPerSecond, trainingShare } from '../../peer/records/summary.ts'
import type { PeerDetail } from '../api/peer-detail.ts'
import type { MemoryState, PeerState } from '../api/state.ts'
import { edgeState, finite, noExchanges } from '../timeline/edge-record.ts'
import { shortened } from '../timeline/feed-entry.ts'
import type { PeerRecord } from '../timeline/peer-record.ts'
import { heardAt, type Swarm } from '../timeline/swarm.ts'
import { presenceAt } from './presence.ts'
import { stalenessDistribution } from './staleness-distribution.ts'

/** What does not change with the moment that is looked at. */
export interface ViewContext {
  /** A short name for each peer. */
  nameOf(peer: string): string
  /** The run's heartbeat timeout, in milliseconds. */
  timeoutMs: number
  totalSteps: number | undefined
}

/** A peer at a moment. Its own records say more than its heartbeats; what is newer counts where both say it. Pure. */
export function peerState(record: PeerRecord, at: number, context: ViewContext): PeerState {
  const { id, summary, heartbeat, trainer } = record
  const { presence, since } = presenceAt(record, at, context.timeoutMs)
  const status = heartbeat?.status
  return {
    id,
    name: context.nameOf(id),
    known: summary ? 'events' : status ? 'status' : 'hearsay',
    presence,
    heardAt: heardAt(record),
    missingSince: since,
    state: summary?.state ?? status?.state ?? 'unknown',
    detail: summary?.detail === undefined ? null : shortened(summary.detail),
    fraction: summary?.fraction ?? null,
    backend: trainer?.backend ?? (status?.backend || null),
    shards: trainer?.shards ?? status?.shards ?? record.shards,
    step: Math.max(summary?.step ?? 0, status?.step ?? 0),
    tokens: Math.max(summary?.tokens ?? 0, status?.tokens ?? 0),
    tokensPerSecond: presence === 'live' ? finite(pace(record)) : null,
    loss: finite(record.recentLoss ?? status?.loss),
    validationLoss: finite(summary?.validation?.last.loss),
    staleness: finite(medianStaleness(record)),
    disagreement: finite(record.recentDistance),
    trainingShare: finite(summary && trainingShare(summary)),
    exchanges: summary?.exchanges ?? record.toldExchanges,
    bytesSent: summary?.bytesSent ?? 0,
    bytesReceived: summary?.bytesReceived ?? 0,
    memory: memoryState(record),
    warnings: summary?.warnings.total ?? 0,
    lastWarning: summary?.warnings.last ? shortened(summary.warnings.last.message) : null,
  }
}

function pace({ summary, heartbeat }: PeerRecord): number | undefined {
  if (!summary) return heartbeat?.status.tokensPerSecond
  return summary.state === 'training' ? recentTokensPerSecond(summary) : undefined
}

export function medianStaleness({ recentStaleness, heartbeat }: PeerRecord): number | undefined {
  return recentStaleness.length > 0 ? median([...recentStaleness]) : heartbeat?.status.staleness
}

function memoryState({ memory }: PeerRecord): MemoryState | null {
  if (!memory || memory.limit <= 0) return null
  return { resident: memory.resident, used: 1 - memory.available / memory.limit }
}

/** All there is to know of one peer at a moment; undefined if nobody told of it by then. Pure. */
export function peerDetail(swarm: Swarm, id: string, at: number, context: ViewContext): PeerDetail | undefined {
  const record = swarm.peers.get(id)
  if (!record) return undefined
  const { summary, heartbeat } = record
  const validation = summary?.validation
  const edges = Array.from(swarm.edges.values()).filter(({ a, b }) => a === id || b === id)
  return {
    time: at,
    peer: peerState(record, at, context),
    edges: edges.map(edgeState),
    lossCurve: {
      means: summary?.lossCurve.means.map(finite) ?? [],
      stride: summary?.lossCurve.stride ?? 1,
    },
    learningRate: finite(summary?.lastStep?.learningRate),
    gradientNorm: finite(summary?.lastStep?.gradientNorm),
    stepMs: finite(summary?.lastStep?.stepMs),
    validation: validation
      ? {
          first: validation.first.loss,
          best: validation.best.loss,
          last: validation.last.loss,
          metrics: validation.last.metrics ?? {},
        }
      : null,
    staleness: stalenessDistribution(summary?.staleness ?? { counts: [], total: 0, max: 0 }),
    answered: summary?.answered ?? noExchanges,
    checkpoint: summary?.checkpoint
      ? { step: summary.checkpoint.step, path: summary.checkpoint.path, bytes: summary.checkpoint.bytes }
      : null,
    warnings: summary?.warnings.reasons ?? {},
    addresses: heartbeat?.status.addresses ?? [],
  }
}
