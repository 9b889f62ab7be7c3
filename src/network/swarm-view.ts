import type { Status } from './status.ts'
import type { PeerId } from './transport.ts'

/** Another live peer, as it last described itself. */
export interface Member extends Readonly<Status> {
  readonly peer: PeerId
  /** On the local clock, milliseconds. */
  readonly heardAt: number
}

export interface SwarmChange {
  change: 'joined' | 'left' | 'lost'
  peer: PeerId
  /** Live peers after the change, this one included. */
  live: number
}

type Hearing = 'joined' | 'updated' | 'left' | 'stale' | 'full'

/** Who is there, from what was heard and when. Keeps no time of its own: every call says what time it is. */
export interface SwarmView {
  readonly size: number
  members(): Member[]
  get(peer: PeerId): Member | undefined
  /** Takes a peer's own word. A status older than one already heard changes nothing. */
  hear(peer: PeerId, status: Status, now: number): Hearing
  /** The last connection to the peer is gone: unless heard again within the grace, it is lost. */
  doubt(peer: PeerId, now: number): void
  /** Reconnected: its heartbeats decide again. */
  trust(peer: PeerId): void
  /** Whether its connection broke and nothing was heard since. */
  doubted(peer: PeerId): boolean
  /** Removes and returns one that was silent for too long; undefined if there is none. */
  expireOne(now: number): PeerId | undefined
  /** When `expireOne` has something to do, if nothing is heard until then. */
  nextExpiry(): number
}

export interface SwarmViewInit {
  /** Milliseconds of silence after which a peer is lost. */
  timeoutMs: number
  /** The same once its last connection broke. */
  graceMs: number
  maxPeers: number
}

export function swarmView(init: SwarmViewInit): SwarmView {
  return new View(init)
}

interface Entry {
  member: Member
  deadline: number
  doubted: boolean
}

class View implements SwarmView {
  readonly #init: SwarmViewInit
  readonly #entries = new Map<PeerId, Entry>()
  /** Goodbyes, so that a heartbeat which took a longer way does not bring its sender back. */
  readonly #left = new Map<PeerId, { status: Status; until: number }>()

  constructor(init: SwarmViewInit) {
    this.#init = init
  }

  get size(): number {
    return this.#entries.size
  }

  members(): Member[] {
    return Array.from(this.#entries.values(), entry => entry.member)
  }

  get(peer: PeerId): Member | undefined {
    return this.#entries.get(peer)?.member
  }

  hear(peer: PeerId, status: Status, now: number): Hearing {
    const known = this.#entries.get(peer)
    const last = known?.member ?? this.#left.get(peer)?.status
    if (last && !isNewer(status, last)) return 'stale'
    if (status.state === 'leaving') return this.#leave(peer, status, now)
    if (!known && this.#entries.size >= this.#init.maxPeers) return 'full'
    const member = { ...status, peer, heardAt: now }
    this.#left.delete(peer)
    this.#entries.set(peer, { member, deadline: now + this.#init.timeoutMs, doubted: false })
    return known ? 'updated' : 'joined'
  }

  doubt(peer: PeerId, now: number): void {
    const entry = this.#entries.get(peer)
    if (!entry) return
    entry.doubted = true
    entry.deadline = Math.min(entry.deadline, now + this.#init.graceMs)
  }

  trust(peer: PeerId): void {
    const entry = this.#entries.get(peer)
    if (!entry) return
    entry.doubted = false
    entry.deadline = entry.member.heardAt + this.#init.timeoutMs
  }

  doubted(peer: PeerId): boolean {
    return this.#entries.get(peer)?.doubted ?? false
  }

  expireOne(now: number): PeerId | undefined {
    for (const [peer, goodbye] of this.#left) if (goodbye.until <= now) this.#left.delete(peer)
    for (const [peer, entry] of this.#entries) {
      if (entry.deadline > now) continue
      this.#entries.delete(peer)
      return peer
    }
    return undefined
  }

  nextExpiry(): number {
    return Math.min(Infinity, ...Array.from(this.#entries.values(), entry => entry.deadline))
  }

  #leave(peer: PeerId, status: Status, now: number): Hearing {
    const known = this.#entries.delete(peer)
    if (!known && this.#left.size >= this.#init.maxPeers) return 'full'
    this.#left.set(peer, { status, until: now + this.#init.timeoutMs })
    return known ? 'left' : 'updated'
  }
}

/** A later life of the peer, or a later word of the same one. */
function isNewer(status: Status, last: Status): boolean {
  if (status.startedAt !== last.startedAt) return status.startedAt > last.startedAt
  return status.sequence > last.sequence
}
