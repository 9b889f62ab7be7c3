import { MurmurError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { VirtualTime } from '../../core/virtual-time.ts'
import type { Wire } from '../local-stream.ts'
import { LocalTransport, type Medium, type Published, pairName } from '../local-transport.ts'
import type { PeerId, Transport } from '../transport.ts'
import { createFlows, type Flows } from './flows.ts'
import { LinkWire } from './link-wire.ts'
import type { Links } from './links.ts'
import { Mesh } from './mesh.ts'
import { type LinkTraffic, type PeerTraffic, TrafficLedger } from './traffic.ts'

export interface SimulatedNetworkComponents {
  time: VirtualTime
  random: Random
  links: Links
}

export interface SimulatedNetworkInit {
  /**
   * Other peers that a peer connects to when it starts, and again when it has lost one. With 0, nobody is introduced to
   * anybody: peers reach those whom they dial or learn of. An integer >= 0. @default 4
   */
  neighbours?: number
}

/**
 * A network in virtual time. docs/simulation.md says what is modelled and what is not. Whatever happens by chance comes
 * from the random port, one stream for each sender, so the same peers do the same on every machine.
 */
export interface SimulatedNetwork {
  /** A new peer, or a new life of one that ended. Its address is `/simulated/<id>`. */
  transport(id: PeerId): Transport
  /** Breaks the connection between two peers; they cannot reach each other until `mend`, which also connects them again. */
  cut(a: PeerId, b: PeerId): void
  mend(a: PeerId, b: PeerId): void
  /** Peers of different groups cannot reach each other until `heal`; those in no group reach everybody. */
  partition(groups: readonly (readonly PeerId[])[]): void
  heal(): void
  /** Ends a peer without a goodbye, as SIGKILL would, after it sent `afterBytes` more bytes over streams. @default 0 */
  kill(id: PeerId, afterBytes?: number): void
  /** Bytes of a peer's lives so far; a live view. */
  traffic(id: PeerId): Readonly<PeerTraffic>
  /** Bytes of every pair that exchanged any. */
  linkTraffic(): LinkTraffic[]
}

/** @throws MurmurError `USAGE` */
export function simulatedNetwork(
  components: SimulatedNetworkComponents,
  init: SimulatedNetworkInit = {},
): SimulatedNetwork {
  const { neighbours = 4 } = init
  if (!Number.isInteger(neighbours) || neighbours < 0) {
    throw new MurmurError({
      code: 'USAGE',
      message: `Expected \`neighbours\` to be an integer >= 0, got ${neighbours}`,
      details: { neighbours },
    })
  }
  return new Network(components, neighbours)
}

/** Milliseconds after which an attempt to connect over a cut link is given up. */
const DIAL_TIMEOUT = 5000

/** Milliseconds of a retransmission timeout at the least (RFC 6298 says 1 s; Linux uses this). */
const LEAST_RETRANSMISSION = 200

const PACKET_BYTES = 1460

/** A published message on its way. */
interface Spreading {
  readonly message: Published
  /** When each peer will first have it, and how to call that off; -Infinity once it has. */
  readonly reached: Map<PeerId, { at: number; cancel: () => void }>
}

const HAS_IT = { at: -Infinity, cancel: () => {} }

class Network implements SimulatedNetwork, Medium {
  readonly name = 'simulated'
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #links: Links
  readonly #neighbours: number
  readonly #flows: Flows
  readonly #mesh = new Mesh()
  readonly #ledger = new TrafficLedger()
  readonly #transports = new Map<PeerId, LocalTransport>()
  /** In the order of their starts. */
  readonly #running: PeerId[] = []
  readonly #streams = new Map<PeerId, Random>()
  readonly #cuts = new Set<string>()
  #groups = new Map<PeerId, number>()
  /** Pairs that were connected when they were parted. */
  readonly #parted = new Map<string, readonly [PeerId, PeerId]>()
  readonly #allowances = new Map<PeerId, number>()
  readonly #always = new AbortController().signal

  constructor({ time, random, links }: SimulatedNetworkComponents, neighbours: number) {
    this.#time = time
    this.#random = random
    this.#links = links
    this.#neighbours = neighbours
    this.#flows = createFlows(time, links)
  }

  transport(id: PeerId): Transport {
    if (this.#transports.get(id)?.running) throw new Error(`Expected a new peer or one that ended, got ${id}`)
    const transport = new LocalTransport(id, this)
    this.#transports.set(id, transport)
    this.#allowances.delete(id)
    return transport
  }

  cut(a: PeerId, b: PeerId): void {
    this.#cuts.add(pairName(a, b))
    this.#part(a, b)
  }

  mend(a: PeerId, b: PeerId): void {
    this.#cuts.delete(pairName(a, b))
    this.#rejoin()
  }

  partition(groups: readonly (readonly PeerId[])[]): void {
    this.#groups = new Map(groups.flatMap((group, i) => group.map(peer => [peer, i] as const)))
    for (const peer of this.#groups.keys()) {
      for (const other of this.#transports.get(peer)?.connected() ?? []) {
        if (this.#isParted(peer, other)) this.#part(peer, other)
      }
    }
  }

  heal(): void {
    this.#groups = new Map()
    this.#rejoin()
  }

  kill(id: PeerId, afterBytes = 0): void {
    this.#allowances.set(id, afterBytes)
    this.#spend(id, 0)
  }

  traffic(id: PeerId): Readonly<PeerTraffic> {
    return this.#ledger.of(id)
  }

  linkTraffic(): LinkTraffic[] {
    return this.#ledger.links()
  }

  reach(from: PeerId, to: PeerId): LocalTransport | undefined {
    const transport = this.#transports.get(to)
    return transport?.running && !this.#isParted(from, to) ? transport : undefined
  }

  introduces(): boolean {
    return this.#neighbours > 0
  }

  async travel(from: PeerId, to: PeerId, signal: AbortSignal): Promise<void> {
    await this.#time.sleep(this.#flight(from, to, 0), signal)
  }

  /** TCP's three-way handshake and noise's, a round trip each; yamux is agreed on within the latter. */
  async shakeHands(from: PeerId, to: PeerId, signal: AbortSignal): Promise<void> {
    if (this.#isParted(from, to)) return await this.#time.sleep(DIAL_TIMEOUT, signal)
    const answered = this.reach(from, to) !== undefined
    for (let trip = 0; trip < (answered ? 2 : 1); trip++) {
      await this.#time.sleep(this.#flight(from, to, 0) + this.#flight(to, from, 0), signal)
    }
  }

  sayGoodbye(from: PeerId, to: PeerId, arrive: () => void): void {
    this.#time.schedule(this.#time.now() + this.#flight(from, to, 0), arrive)
  }

  wire(from: PeerId, to: PeerId): Wire {
    return new LinkWire(
      {
        time: this.#time,
        flows: this.#flows,
        flight: (a, b, bytes) => this.#flight(a, b, bytes),
        allowance: peer => this.#allowances.get(peer) ?? Infinity,
        sent: (sender, receiver, bytes) => {
          this.#ledger.sent('streams', sender, receiver, bytes)
          this.#spend(sender, bytes)
        },
        received: (receiver, bytes) => this.#ledger.received('streams', receiver, bytes),
      },
      from,
      to,
    )
  }

  soon(task: () => void): void {
    this.#time.schedule(this.#time.now(), task)
  }

  started(transport: LocalTransport): void {
    this.#running.push(transport.id)
    for (let i = 0; i < this.#neighbours; i++) this.#meetSomebody(transport)
  }

  stopped(transport: LocalTransport): void {
    this.#running.splice(this.#running.indexOf(transport.id), 1)
  }

  connected(a: LocalTransport, b: LocalTransport): void {
    this.#mesh.connected(a.id, b.id)
  }

  disconnected(transport: LocalTransport, peer: PeerId): void {
    const connections = transport.connected()
    this.#mesh.disconnected(transport.id, peer, transport.running ? connections : [])
    if (transport.running && connections.length < this.#neighbours) this.#meetSomebody(transport)
  }

  relay(via: LocalTransport, message: Published): void {
    this.#spread(via.id, via.id, { message, reached: new Map([[via.id, HAS_IT]]) })
  }

  #isParted(a: PeerId, b: PeerId): boolean {
    if (this.#cuts.size === 0 && this.#groups.size === 0) return false
    const [one, other] = [this.#groups.get(a), this.#groups.get(b)]
    return (one !== undefined && other !== undefined && one !== other) || this.#cuts.has(pairName(a, b))
  }

  #part(a: PeerId, b: PeerId): void {
    const [one, other] = [this.#transports.get(a), this.#transports.get(b)]
    if (one?.connectionTo(b)) this.#parted.set(pairName(a, b), [a, b])
    one?.disconnect(b, 'was cut')
    other?.disconnect(a, 'was cut')
  }

  /** As real peers do that go on dialling those they know. */
  #rejoin(): void {
    for (const [name, [a, b]] of this.#parted) {
      if (this.#isParted(a, b)) continue
      this.#parted.delete(name)
      this.#connect(this.#transports.get(a), b)
    }
  }

  /** Connects a peer to one that it is not connected to, if there is any that it can reach: discovery is not modelled. */
  #meetSomebody(transport: LocalTransport): void {
    const candidates = this.#running.filter(
      peer => peer !== transport.id && !transport.connectionTo(peer) && !this.#isParted(transport.id, peer),
    )
    if (candidates.length === 0) return
    this.#connect(transport, candidates[this.#streamOf(transport.id).integer(candidates.length)]!)
  }

  #connect(transport: LocalTransport | undefined, peer: PeerId): void {
    if (transport?.running) transport.dial(`/${this.name}/${peer}`, this.#always).catch(() => {}) // ended meanwhile
  }

  /** Bytes that have left a peer: whoever is to die after them does. */
  #spend(id: PeerId, bytes: number): void {
    const left = this.#allowances.get(id)
    if (left === undefined) return
    this.#allowances.set(id, left - bytes)
    if (left - bytes <= 0) this.#transports.get(id)?.end('was killed')
  }

  #streamOf(peer: PeerId): Random {
    const known = this.#streams.get(peer)
    if (known) return known
    const stream = this.#random.fork(peer)
    this.#streams.set(peer, stream)
    return stream
  }

  /** Latency, with jitter, and with a retransmission timeout for each time that a packet of the bytes was lost. */
  #flight(from: PeerId, to: PeerId, bytes: number): number {
    const { loss } = this.#links
    let ms = this.#latency(from, to)
    if (loss > 0) {
      const stream = this.#streamOf(from)
      const timeout = Math.max(LEAST_RETRANSMISSION, 4 * this.#links.latency(from, to))
      const packets = Math.max(1, Math.ceil(bytes / PACKET_BYTES))
      for (let lost = 1 - (1 - loss) ** packets; stream.next() < lost; lost = loss) ms += timeout
    }
    return ms
  }

  /** Sends a message to the neighbours of a peer that has it. Who will have it sooner from elsewhere costs no event. */
  #spread(via: PeerId, source: PeerId, spreading: Spreading): void {
    const { message, reached } = spreading
    const bytes = message.data.byteLength
    for (const to of this.#mesh.of(via)) {
      if (to === source || to === message.from || this.#isParted(via, to)) continue
      this.#ledger.sent('published', via, to, bytes)
      // A lost copy is lost: what comes from another neighbour makes up for it.
      if (this.#links.loss > 0 && this.#streamOf(via).next() < this.#links.loss) continue
      this.#ledger.received('published', to, bytes)
      const at = this.#time.now() + bytes / this.#flows.share(via, to) + this.#latency(via, to)
      const expected = reached.get(to)
      if (expected && at >= expected.at) continue
      expected?.cancel()
      reached.set(to, { at, cancel: this.#time.schedule(at, () => this.#arrive(via, to, spreading)) })
    }
  }

  #latency(from: PeerId, to: PeerId): number {
    const { jitter } = this.#links
    const latency = this.#links.latency(from, to)
    return jitter > 0 ? latency * Math.exp(jitter * this.#streamOf(from).normal() - (jitter * jitter) / 2) : latency
  }

  #arrive(via: PeerId, to: PeerId, spreading: Spreading): void {
    const transport = this.reach(via, to)
    if (!transport) return void spreading.reached.delete(to)
    spreading.reached.set(to, HAS_IT)
    if (transport.hear(spreading.message) === 'accept') this.#spread(to, via, spreading)
  }
}
