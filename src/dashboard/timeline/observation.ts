import type { Recorded } from '../../core/telemetry.ts'
import type { Status } from '../../network/status.ts'

/** What the dashboard learns of a swarm: events that peers recorded, and heartbeats that they published. */
export type Observation = Recorded | Heartbeat

/** A peer's status as it was heard on the mesh. */
export interface Heartbeat {
  type: 'heartbeat'
  /** When it was heard, milliseconds since the Unix epoch. */
  time: number
  by: string
  status: Status
}
