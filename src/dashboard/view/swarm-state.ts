import type { AlertThresholds } from '../api/alert.ts'
import type { SwarmState } from '../api/state.ts'
import { edgeState } from '../timeline/edge-record.ts'
import type { Swarm } from '../timeline/swarm.ts'
import { raiseAlerts } from './alerts.ts'
import { peerState, type ViewContext } from './peer-state.ts'
import { swarmTotals } from './totals.ts'

export interface SwarmViewContext extends ViewContext {
  thresholds: AlertThresholds
}

/** The swarm at a moment, in an order that depends on its peers alone. Pure. */
export function swarmState(swarm: Swarm, at: number, context: SwarmViewContext): SwarmState {
  const records = Array.from(swarm.peers.values()).sort(
    (one, other) => one.firstTime - other.firstTime || compare(one.id, other.id),
  )
  const peers = records.map(record => peerState(record, at, context))
  const edges = Array.from(swarm.edges.values(), edgeState)
  return {
    time: at,
    peers,
    edges: edges.sort((one, other) => compare(one.a, other.a) || compare(one.b, other.b)),
    totals: swarmTotals(swarm, peers, context),
    alerts: raiseAlerts(swarm, peers, context),
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
