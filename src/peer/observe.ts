import type { Registry } from 'prom-client'
import { systemClock } from '../core/clock.ts'
import { libp2pTransport } from '../network/libp2p/transport.ts'
import type { Status } from '../network/status.ts'
import { statusObserver } from '../network/status-observer.ts'
import type { PeerId } from '../network/transport.ts'
import { findRun } from './find-run.ts'
import type { Invitation } from './invitation.ts'
import { runId } from './specification/canonical.ts'
import type { RunSpecification } from './specification/schema.ts'

export interface ObserveInit {
  /** Where libp2p's own metrics go. */
  metrics?: Registry
  /** Told once the run is known. */
  onRun(run: { run: string; specification: RunSpecification }): void
  onStatus(peer: PeerId, status: Status): void
}

/** A swarm that is looked at. */
export interface Observing {
  /** Peers it is connected to. */
  connected(): number
  stop(): Promise<void>
}

/**
 * Joins a run's mesh to hear its status topic, under a new identity and without an address of its own: hosts nothing,
 * trains nothing, publishes nothing, and so is nobody's partner.
 * @throws MurmurError `INVITATION_MALFORMED`, `PEER_UNREACHABLE`, `RUN_MISMATCH`, `PROTOCOL_MISMATCH`
 */
export async function observeRun(invitation: Invitation, init: ObserveInit, signal: AbortSignal): Promise<Observing> {
  await using resources = new AsyncDisposableStack()
  const transport = await libp2pTransport({ listen: [], bootstrap: [invitation.address], metrics: init.metrics })
  resources.defer(() => transport.stop())
  await transport.start()
  const { specification } = await findRun(transport, invitation, signal)
  const run = runId(specification)
  init.onRun({ run, specification })
  const observer = statusObserver({ transport, clock: systemClock }, { run, onStatus: init.onStatus })
  resources.defer(() => observer.stop())
  await observer.start(signal)
  const held = resources.move()
  return { connected: () => transport.connected().length, stop: () => held.disposeAsync() }
}
