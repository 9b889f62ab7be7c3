import { type Status, sameItems } from './status.ts'
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
  /** What the peer last said of itself. */
  get(peer: PeerId): Readonly<Status> | undefined
  /** Those that host the shard and answer for it: neither joining nor doubted. The same array until that changes. */
  hosts(shard: string): readonly PeerId[]
  /** Those of them that train. The same array until that changes. */
  training(shard: string): readonly PeerId[]
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
  /** Shared with everybody in this process who heard the same message. */
  status: Readonly<Status>
  heardAt: number
  deadline: number
  doubted: boolean
}

class View implements SwarmView {
  readonly #init: SwarmViewInit
  readonly #entries = new Map<PeerId, Entry>()
  /** Goodbyes, so that a heartbeat which took a longer way does not bring its sender back. */
  readonly #left = new Map<PeerId, { status: Status; until: number }>()
  /** By shard, as long as nothing changes that decides it: a thousand peers are not looked through for each exchange. */
  readonly #hosts = new Map<string, readonly PeerId[]>()
  readonly #training = new Map<string, readonly PeerId[]>()

  constructor(init: SwarmViewInit) {
    this.#init = init
  }

  get size(): number {
    return this.#entries.size
  }

  members(): Member[] {
    return Array.from(this.#entries, ([peer, { status, heardAt }]) => ({ ...status, peer, heardAt }))
  }

  get(peer: PeerId): Readonly<Status> | undefined {
    return this.#entries.get(peer)?.status
  }

  hosts(shard: string): readonly PeerId[] {
    return this.#select(this.#hosts, shard, ({ status, doubted }) => status.state !== 'joining' && !doubted)
  }

  training(shard: string): readonly PeerId[] {
    return this.#select(this.#training, shard, ({ status, doubted }) => status.state === 'training' && !doubted)
  }

  hear(peer: PeerId, status: Status, now: number): Hearing {
    const known = this.#entries.get(peer)
    const last = known?.status ?? this.#left.get(peer)?.status
    if (last && !isNewer(status, last)) return 'stale'
    if (status.state === 'leaving') return this.#leave(peer, status, now)
    const deadline = now + this.#init.timeoutMs
    if (known) {
      if (known.doubted || !offersTheSame(known.status, status)) this.#forgetLists()
      known.status = status
      known.heardAt = now
      known.deadline = deadline
      known.doubted = false
      return 'updated'
    }
    if (this.#entries.size >= this.#init.maxPeers) return 'full'
    this.#left.delete(peer)
    this.#entries.set(peer, { status, heardAt: now, deadline, doubted: false })
    this.#forgetLists()
    return 'joined'
  }

  doubt(peer: PeerId, now: number): void {
    const entry = this.#entries.get(peer)
    if (!entry) return
    entry.doubted = true
    entry.deadline = Math.min(entry.deadline, now + this.#init.graceMs)
    this.#forgetLists()
  }

  trust(peer: PeerId): void {
    const entry = this.#entries.get(peer)
    if (!entry) return
    if (entry.doubted) this.#forgetLists()
    entry.doubted = false
    entry.deadline = entry.heardAt + this.#init.timeoutMs
  }

  doubted(peer: PeerId): boolean {
    return this.#entries.get(peer)?.doubted ?? false
  }

  expireOne(now: number): PeerId | undefined {
    for (const [peer, goodbye] of this.#left) if (goodbye.until <= now) this.#left.delete(peer)
    for (const [peer, entry] of this.#entries) {
      if (entry.deadline > now) continue
      this.#entries.delete(peer)
      this.#forgetLists()
      return peer
    }
    return undefined
  }

  nextExpiry(): number {
    let next = Infinity
    for (const { deadline } of this.#entries.values()) next = Math.min(next, deadline)
    return next
  }

  #select(lists: Map<string, readonly PeerId[]>, shard: string, answers: (entry: Entry) => boolean): readonly PeerId[] {
    const known = lists.get(shard)
    if (known) return known
    const list: PeerId[] = []
    for (const [peer, entry] of this.#entries) {
      if (answers(entry) && entry.status.shards.includes(shard)) list.push(peer)
    }
    lists.set(shard, list)
    return list
  }

  #forgetLists(): void {
    this.#hosts.clear()
    this.#training.clear()
  }

  #leave(peer: PeerId, status: Status, now: number): Hearing {
    const known = this.#entries.delete(peer)
    this.#forgetLists()
    if (!known && this.#left.size >= this.#init.maxPeers) return 'full'
    this.#left.set(peer, { status, until: now + this.#init.timeoutMs })
    return known ? 'left' : 'updated'
  }
}

function offersTheSame(a: Status, b: Status): boolean {
  return a.state === b.state && sameItems(a.shards, b.shards)
}

/** A later life of the peer, or a later word of the same one. */
function isNewer(status: Status, last: Status): boolean {
  if (status.startedAt !== last.startedAt) return status.startedAt > last.startedAt
  return status.sequence > last.sequence
}
