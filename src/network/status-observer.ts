import { abortable } from '../core/abortable.ts'
import type { Clock } from '../core/clock.ts'
import { statusTopic } from './membership.ts'
import { decodeStatus, type Status } from './status.ts'
import { swarmView } from './swarm-view.ts'
import type { PeerId, Transport } from './transport.ts'

export interface StatusObserverInit {
  /** Names the topic. */
  run: string
  /** Peers kept track of. Must be >= 1. @default 4096 */
  maxPeers?: number
  /** Told of every status that is newer than what its peer said before. Must return at once and never throw. */
  onStatus(peer: PeerId, status: Status): void
}

/** One who hears a run's status topic, passes its messages on, and says nothing: it belongs to nobody's swarm. */
export interface StatusObserver {
  /** @param transport started */
  start(signal: AbortSignal): Promise<void>
  stop(): void
  /** Statuses that were not taken, by reason. */
  dropped(): Readonly<Record<string, number>>
}

/** Milliseconds after which a silent peer's place may be another's. */
const FORGOTTEN_MS = 600_000

export function statusObserver(
  { transport, clock }: { transport: Transport; clock: Clock },
  init: StatusObserverInit,
): StatusObserver {
  const view = swarmView({ timeoutMs: FORGOTTEN_MS, graceMs: FORGOTTEN_MS, maxPeers: init.maxPeers ?? 4096 })
  const dropped: Record<string, number> = {}
  let running = false
  const drop = (reason: string) => {
    dropped[reason] = (dropped[reason] ?? 0) + 1
  }
  const hear = (from: PeerId, data: Uint8Array) => {
    if (!running || from === transport.id) return 'ignore'
    const status = decodeStatus(data)
    if (typeof status === 'string') {
      drop(status)
      return status === 'version' ? 'ignore' : 'reject'
    }
    const now = clock.now()
    for (let peer = view.expireOne(now); peer; peer = view.expireOne(now));
    const hearing = view.hear(from, status, now)
    if (hearing === 'stale' || hearing === 'full') drop(hearing)
    if (hearing === 'stale') return 'ignore'
    if (hearing !== 'full') init.onStatus(from, status)
    if (hearing === 'joined') transport.learn(from, status.addresses).catch(() => {}) // only costs the way to it
    return 'accept'
  }
  return {
    async start(signal) {
      running = true
      await abortable(transport.subscribe(statusTopic(init.run), hear), signal)
    },
    stop() {
      running = false
    },
    dropped: () => ({ ...dropped }),
  }
}
