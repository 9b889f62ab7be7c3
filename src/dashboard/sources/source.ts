import type { RunSpecification } from '../../peer/specification/schema.ts'
import type { SourceInfo } from '../api/run.ts'
import type { Swarm } from '../timeline/swarm.ts'
import type { Timeline } from '../timeline/timeline.ts'

/** Where the dashboard learns of a swarm. */
export interface Source {
  readonly timeline: Timeline
  /** Share of what there is to read that is in the timeline, in [0, 1]. */
  readonly indexed: number
  /** While it is not all there: the state that the newest part alone comes to. */
  readonly provisional: Provisional | undefined
  /** Whether more is to come. */
  readonly live: boolean
  readonly run: string | undefined
  readonly specification: RunSpecification | undefined
  /** What it is called if the run has no name. */
  readonly title: string
  nameOf(peer: string): string
  sources(): SourceInfo[]
  /** Begins to read; resolves when there is something to show, and goes on until `stop`. @throws MurmurError */
  start(signal: AbortSignal): Promise<void>
  /** Idempotent. */
  stop(): Promise<void>
}

export interface Provisional {
  swarm: Swarm
  from: number
  to: number
  lastActive: number | undefined
}
