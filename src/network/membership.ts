import { abortable } from '../core/abortable.ts'
import type { Clock } from '../core/clock.ts'
import { MurmurError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { silentTelemetry, type Telemetry } from '../core/telemetry.ts'
import {
  decodeStatus,
  encodeStatus,
  MAX_HOSTED_SHARDS,
  MAX_NAME,
  MAX_STATUS_ADDRESSES,
  MAX_TOLD_EXCHANGES,
  STATUS_VERSION,
  type Status,
  sameItems,
  type ToldExchange,
} from './status.ts'
import { type Member, type SwarmChange, type SwarmView, swarmView } from './swarm-view.ts'
import type { PeerId, TopicValidator, Transport } from './transport.ts'

/** What a peer may say of itself; the rest of its status is filled in. */
type OwnStatus = Pick<
  Status,
  'state' | 'shards' | 'step' | 'tokens' | 'loss' | 'staleness' | 'tokensPerSecond' | 'backend' | 'region'
>

export interface MembershipComponents {
  /** Started before `start`, and stopped after `stop`. */
  transport: Transport
  clock: Clock
  random: Random
  telemetry?: Telemetry
  /** Told of every status that was taken. Must return at once and never throw. */
  onStatus?(peer: PeerId, status: Status): void
}

export interface MembershipInit {
  /** Names the topic: peers of different runs never see each other. */
  run: string
  /** Milliseconds between statuses, give or take a tenth. Must be >= 10. @default 2000 */
  heartbeatMs?: number
  /**
   * Milliseconds of silence after which a peer counts as lost; one and a half heartbeats if its connection broke.
   * Must be at least twice `heartbeatMs`. @default five heartbeats
   */
  timeoutMs?: number
  /** Peers kept track of. Must be >= 1. @default 256 */
  maxPeers?: number
}

/** Every peer's view of the swarm, built from what the others say of themselves on a gossipsub topic. */
export interface Membership {
  /** Subscribes and publishes the first status; heartbeats go on until `stop`. The signal cancels starting alone. */
  start(signal: AbortSignal): Promise<void>
  /** Says goodbye. The signal bounds it; it never rejects. */
  stop(signal: AbortSignal): Promise<void>
  /** Changes what the next status says. A new state or new shards are published at once. */
  update(changes: Partial<OwnStatus>): void
  /** Tells of an exchange that this peer began, in its next status; the newest of many. */
  tell(exchange: Omit<ToldExchange, 'ago'>): void
  /** The other live peers. */
  peers(): Member[]
  /** Those that host the shard and answer for it: training or lingering, their connection not just broken. */
  hosts(shard: string): readonly PeerId[]
  /** Those of them that have steps to make. */
  training(shard: string): readonly PeerId[]
  /** What another live peer says of itself. */
  get(peer: PeerId): Readonly<Status> | undefined
  /** Calls back when a peer joined, left or was lost. Returns the way to stop that. */
  watch(listener: (change: SwarmChange) => void): () => void
  /** Statuses that were not taken, by reason. */
  dropped(): Readonly<Record<string, number>>
}

/** Where the peers of a run tell of themselves. Whoever hears it is introduced to them, and they to him. */
export function statusTopic(run: string): string {
  return `murmuration/${run}/status`
}

/** @throws MurmurError `USAGE` */
export function membership(components: MembershipComponents, init: MembershipInit): Membership {
  const heartbeatMs = init.heartbeatMs ?? 2000
  const timeoutMs = init.timeoutMs ?? 5 * heartbeatMs
  const maxPeers = init.maxPeers ?? 256
  check('heartbeatMs', heartbeatMs, 10)
  check('timeoutMs', timeoutMs, 2 * heartbeatMs)
  check('maxPeers', maxPeers, 1)
  const view = swarmView({ timeoutMs, graceMs: 1.5 * heartbeatMs, maxPeers })
  return new Heartbeats(components, statusTopic(init.run), heartbeatMs, view)
}

function check(option: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return
  throw new MurmurError({
    code: 'USAGE',
    message: `Expected \`${option}\` to be >= ${least}, got ${value}`,
    details: { option, value },
  })
}

/** Given, because the exception that `abort` would make otherwise costs more than waking up. */
const WOKEN = 'woken'

class Heartbeats implements Membership {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #random: Random
  readonly #telemetry: Telemetry
  readonly #onStatus: MembershipComponents['onStatus']
  readonly #topic: string
  readonly #heartbeatMs: number
  readonly #view: SwarmView
  readonly #listeners = new Set<(change: SwarmChange) => void>()
  readonly #dropped: Record<string, number> = {}
  #own: OwnStatus = {
    state: 'joining',
    shards: [],
    step: 0,
    tokens: 0,
    loss: null,
    staleness: 0,
    tokensPerSecond: 0,
    backend: '',
  }
  #exchanges: (Omit<ToldExchange, 'ago'> & { at: number })[] = []
  #startedAt = 0
  #sequence = 0
  #nextBeat = 0
  #alarm = new AbortController()
  #running = false
  #unwatch = () => {}

  constructor(components: MembershipComponents, topic: string, heartbeatMs: number, view: SwarmView) {
    this.#transport = components.transport
    this.#clock = components.clock
    this.#random = components.random
    this.#telemetry = components.telemetry ?? silentTelemetry
    this.#onStatus = components.onStatus
    this.#topic = topic
    this.#heartbeatMs = heartbeatMs
    this.#view = view
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#running = true
    this.#startedAt = this.#clock.date()
    this.#unwatch = this.#transport.watch(({ peer, connected }) => this.#onConnection(peer, connected))
    try {
      await abortable(this.#transport.subscribe(this.#topic, this.#hear), signal)
      await abortable(this.#publish(), signal)
    } catch (error) {
      this.#end()
      throw error
    }
    void this.#beat()
  }

  async stop(signal: AbortSignal): Promise<void> {
    if (!this.#running) return
    this.#own = { ...this.#own, state: 'leaving' }
    await abortable(this.#publish(), signal).catch(() => {}) // others will notice the silence
    this.#end()
  }

  update(changes: Partial<OwnStatus>): void {
    const before = this.#own
    this.#own = { ...before, ...changes }
    const { state, shards } = this.#own
    if (state !== before.state || !sameItems(shards, before.shards)) this.#beatWithin(0)
  }

  tell(exchange: Omit<ToldExchange, 'ago'>): void {
    const { id, partner, shard, ms, staleness, distance } = exchange
    this.#exchanges.push({
      ...exchange,
      id: id.slice(0, MAX_NAME),
      partner: partner.slice(0, MAX_NAME),
      shard: shard.slice(0, MAX_NAME),
      ms: finite(ms),
      staleness: finite(staleness),
      distance: Number.isFinite(distance) ? distance : null,
      at: this.#clock.now(),
    })
    if (this.#exchanges.length > MAX_TOLD_EXCHANGES) this.#exchanges.shift()
  }

  peers(): Member[] {
    return this.#view.members()
  }

  hosts(shard: string): readonly PeerId[] {
    return this.#view.hosts(shard)
  }

  training(shard: string): readonly PeerId[] {
    return this.#view.training(shard)
  }

  get(peer: PeerId): Readonly<Status> | undefined {
    return this.#view.get(peer)
  }

  watch(listener: (change: SwarmChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  dropped(): Readonly<Record<string, number>> {
    return { ...this.#dropped }
  }

  #end(): void {
    this.#running = false
    this.#unwatch()
    this.#alarm.abort(WOKEN)
  }

  async #beat(): Promise<void> {
    while (this.#running) {
      const now = this.#clock.now()
      for (let peer = this.#view.expireOne(now); peer; peer = this.#view.expireOne(now)) this.#tell('lost', peer)
      if (now >= this.#nextBeat) await this.#publish()
      const wake = Math.min(this.#nextBeat, this.#view.nextExpiry())
      this.#alarm = new AbortController()
      const ms = Math.max(1, Math.ceil(wake - this.#clock.now()))
      if (this.#running) await this.#clock.sleep(ms, this.#alarm.signal).catch(() => {}) // woken early
    }
  }

  /** Brings the next status forward. */
  #beatWithin(ms: number): void {
    const at = this.#clock.now() + ms
    if (at >= this.#nextBeat) return
    this.#nextBeat = at
    this.#alarm.abort(WOKEN)
  }

  /** Newcomers learn who is there long before the next heartbeat, and not from all at the same instant. */
  #greet(): void {
    this.#beatWithin(this.#heartbeatMs * (0.1 + 0.15 * this.#random.next()))
  }

  async #publish(): Promise<void> {
    this.#nextBeat = this.#clock.now() + this.#heartbeatMs * (0.9 + 0.2 * this.#random.next())
    this.#sequence += 1
    const now = this.#clock.now()
    const exchanges = this.#exchanges.map(({ at, ...exchange }) => ({ ...exchange, ago: now - at }))
    this.#exchanges = []
    const status: Status = {
      ...this.#own,
      version: STATUS_VERSION,
      sequence: this.#sequence,
      startedAt: this.#startedAt,
      shards: this.#own.shards.slice(0, MAX_HOSTED_SHARDS),
      // A diverged or not yet started trainer must not make its peer look dead.
      loss: Number.isFinite(this.#own.loss) ? this.#own.loss : null,
      staleness: finite(this.#own.staleness),
      tokensPerSecond: finite(this.#own.tokensPerSecond),
      ...(exchanges.length > 0 && { exchanges }),
      addresses: this.#transport.addresses().slice(0, MAX_STATUS_ADDRESSES),
    }
    try {
      await this.#transport.publish(this.#topic, encodeStatus(status))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (this.#running) this.#telemetry.record({ type: 'warning', reason: 'heartbeat-failed', message })
    }
  }

  readonly #hear: TopicValidator = (from, data) => {
    if (!this.#running || from === this.#transport.id) return 'ignore'
    const status = decodeStatus(data)
    if (typeof status === 'string') {
      this.#count(status)
      // Another version is no fault, but this peer cannot vouch for it.
      return status === 'version' ? 'ignore' : 'reject'
    }
    const before = this.#view.get(from)?.addresses
    const hearing = this.#view.hear(from, status, this.#clock.now())
    if (hearing === 'stale') {
      this.#count(hearing)
      return 'ignore'
    }
    if (hearing === 'full') this.#count(hearing)
    if (hearing === 'joined' || hearing === 'left') this.#tell(hearing, from)
    if (hearing === 'joined') this.#greet()
    if (hearing !== 'full') this.#onStatus?.(from, status)
    if (this.#view.get(from) && !(before && sameItems(before, status.addresses))) {
      this.#transport.learn(from, status.addresses).catch(() => {}) // only costs the way to it
    }
    return 'accept'
  }

  #onConnection(peer: PeerId, connected: boolean): void {
    if (connected) {
      this.#view.trust(peer)
      this.#greet()
    } else {
      this.#view.doubt(peer, this.#clock.now())
      this.#alarm.abort(WOKEN)
    }
  }

  #count(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1
  }

  #tell(change: SwarmChange['change'], peer: PeerId): void {
    const live = this.#view.size + 1
    this.#telemetry.record({ type: 'membership', change, peer, live })
    for (const listener of this.#listeners) listener({ change, peer, live })
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0
}
