import type { Presence } from '../api/state.ts'
import type { PeerRecord } from '../timeline/peer-record.ts'
import { heardAt } from '../timeline/swarm.ts'

export interface PresenceAt {
  presence: Presence
  /** Since when it is silent or departed. */
  since: number | null
}

/** A training peer tells of every step, however slow: silence begins after this many of its recent ones. */
const SILENT_STEPS = 3

/** Milliseconds a peer may say nothing while it starts, fetches or lingers: nothing that it records need happen then. */
const QUIET_MS = 60_000

/** A peer that was silent for this many times what makes it silent has gone. */
const GONE_AFTER = 6

/** Whether the peer is there at a moment, as far as one can tell. Pure. */
export function presenceAt(record: PeerRecord, at: number, timeoutMs: number): PresenceAt {
  const heard = heardAt(record)
  const left = leftAt(record, heard)
  if (left !== undefined) return { presence: 'departed', since: left }
  const limit = silentAfter(record, timeoutMs)
  const { hearsay } = record
  const lostAt = hearsay?.change === 'lost' && hearsay.time >= heard ? hearsay.time : undefined
  const since = Math.min(lostAt ?? Number.POSITIVE_INFINITY, heard + limit)
  const gone = heard + GONE_AFTER * limit
  if (at >= gone) return { presence: 'departed', since: gone }
  return at >= since ? { presence: 'silent', since } : { presence: 'live', since: null }
}

/** When it said goodbye, to us or to another peer, unless it was heard of since. */
function leftAt({ summary, heartbeat, hearsay }: PeerRecord, heard: number): number | undefined {
  if (summary?.state === 'stopped' && summary.lastTime >= (heartbeat?.time ?? 0)) return summary.lastTime
  if (heartbeat?.status.state === 'leaving' && heartbeat.time >= (summary?.lastTime ?? 0)) return heartbeat.time
  return hearsay?.change === 'left' && hearsay.time >= heard ? hearsay.time : undefined
}

function silentAfter({ summary, heartbeat }: PeerRecord, timeoutMs: number): number {
  if (heartbeat || !summary) return timeoutMs
  if (summary.state !== 'training') return Math.max(timeoutMs, QUIET_MS)
  const step = summary.pace.recentWallMs
  // Before the first step everything compiles.
  return Math.max(timeoutMs, step === undefined ? QUIET_MS : SILENT_STEPS * step)
}
