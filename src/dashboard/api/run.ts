import type { AlertThresholds } from './alert.ts'

/**
 * The shapes of `/api/...`, which the page, `murmur status` and anybody's script read (docs/dashboard-api.md). Every time
 * is in milliseconds since the Unix epoch; what is unknown is null, and so is a number that is not finite.
 */

/** `GET /api/run`: what is being looked at. */
export interface RunInfo {
  /** The release of murmur that serves this. */
  version: string
  /** `live`: the end moves on. `replay`: what there is to see is over. */
  mode: 'live' | 'replay'
  /** What it is called: the run's name, else where the records lie. */
  title: string
  /** The run's id; null while it is unknown. */
  run: string | null
  /** With all defaults, as in run.yaml; null while it is unknown. */
  specification: Readonly<Record<string, unknown>> | null
  sources: readonly SourceInfo[]
  /** First and latest moment that can be looked at; null before the first event. History in memory is bounded: `from` may move on. */
  from: number | null
  to: number | null
  /** When somebody last finished a step: where to open a run that is over, before everybody left. */
  lastActive: number | null
  /**
   * Share of the records that was read so far, in [0, 1]. Below 1 totals and counts cover the newest records only, and
   * curves, exchanges and moments of the past are still incomplete.
   */
  indexed: number
  /** Milliseconds of silence after which a peer that says nothing of its pace counts as silent. */
  silentAfterMs: number
  thresholds: AlertThresholds
}

export interface SourceInfo {
  /** `events`: a file of recorded events. `status`: the mesh's status topic. `local`: processes of this command. */
  kind: 'events' | 'status' | 'local'
  /** A path below the directory, or an address. */
  name: string
  /** `connecting`: no word yet; `failed`: see `problem`. */
  state: 'connecting' | 'reading' | 'following' | 'ended' | 'failed'
  problem: string | null
  /** Lines passed over because they were no valid event, or statuses that were not taken. */
  damaged: number
}
