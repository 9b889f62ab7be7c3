import { MurmurError } from '../core/errors.ts'
import { framedChannel } from './framed-channel.ts'
import { type MemoryEnd, memoryStream } from './memory-stream.ts'
import { protocolMismatch } from './protocol-mismatch.ts'
import {
  type Channel,
  type ChannelHandler,
  type ConnectionChange,
  MAX_PUBLISH_BYTES,
  type PeerId,
  type TopicValidator,
  type Transport,
} from './transport.ts'

/**
 * A network within one process: delivery is asynchronous and bounded, published messages travel from neighbour to
 * neighbour, errors are those of the real mesh. What a test does to it is done through the faults.
 */
export interface MemoryNetwork {
  /** A new peer of this network. Its address is `/memory/<id>`. */
  transport(id: PeerId): Transport
  /** Breaks every stream and the connection between two peers; they cannot reach each other until `mend`. */
  cut(a: PeerId, b: PeerId): void
  mend(a: PeerId, b: PeerId): void
  /** Ends a peer without a goodbye, as SIGKILL would, after it sent `afterBytes` more bytes over streams. @default 0 */
  kill(id: PeerId, afterBytes?: number): void
  /** Loses published messages on the way from one neighbour to the next where the predicate says so. */
  dropPublished(lost: (from: PeerId, to: PeerId, topic: string) => boolean): void
}

export function memoryNetwork(): MemoryNetwork {
  return new Network()
}

interface Published {
  from: PeerId
  topic: string
  data: Uint8Array
  /** Whom it has reached. */
  seen: Set<PeerId>
}

class Network implements MemoryNetwork {
  readonly #transports = new Map<PeerId, MemoryTransport>()
  readonly #cuts = new Set<string>()
  readonly #doomed = new Map<PeerId, number>()
  #lost: (from: PeerId, to: PeerId, topic: string) => boolean = () => false

  transport(id: PeerId): Transport {
    const transport = new MemoryTransport(id, this)
    this.#transports.set(id, transport)
    return transport
  }

  cut(a: PeerId, b: PeerId): void {
    this.#cuts.add(pair(a, b))
    this.#transports.get(a)?.disconnect(b, 'was cut')
    this.#transports.get(b)?.disconnect(a, 'was cut')
  }

  mend(a: PeerId, b: PeerId): void {
    this.#cuts.delete(pair(a, b))
  }

  kill(id: PeerId, afterBytes = 0): void {
    this.#doomed.set(id, afterBytes)
    this.sent(id, 0)
  }

  dropPublished(lost: (from: PeerId, to: PeerId, topic: string) => boolean): void {
    this.#lost = lost
  }

  sent(id: PeerId, bytes: number): void {
    const left = this.#doomed.get(id)
    if (left === undefined) return
    this.#doomed.set(id, left - bytes)
    if (left - bytes <= 0) this.#transports.get(id)?.end('was killed')
  }

  reachable(from: PeerId, to: PeerId): MemoryTransport | undefined {
    const transport = this.#transports.get(to)
    return transport?.running && !this.#cuts.has(pair(from, to)) ? transport : undefined
  }

  relay(via: PeerId, neighbours: Iterable<PeerId>, message: Published): void {
    for (const to of neighbours) {
      setImmediate(() => {
        if (message.seen.has(to) || this.#lost(via, to, message.topic)) return
        const transport = this.reachable(via, to)
        if (transport?.hear(message)) this.relay(to, transport.connected(), message)
      })
    }
  }
}

class MemoryTransport implements Transport {
  readonly id: PeerId
  readonly #network: Network
  readonly #handlers = new Map<string, ChannelHandler>()
  readonly #topics = new Map<string, TopicValidator>()
  readonly #neighbours = new Map<PeerId, Set<MemoryEnd>>()
  readonly #known = new Set<PeerId>()
  readonly #listeners = new Set<(change: ConnectionChange) => void>()
  #stopping = new AbortController()
  running = false

  constructor(id: PeerId, network: Network) {
    this.id = id
    this.#network = network
  }

  addresses(): string[] {
    return this.running ? [`/memory/${this.id}`] : []
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    this.running = true
  }

  async stop(): Promise<void> {
    this.end('was closed by a peer that stopped')
  }

  /** Leaves the network at once; politely or not is the same to a memory. */
  end(how: string): void {
    if (!this.running) return
    this.running = false
    const neighbours = [...this.#neighbours.keys()]
    for (const peer of neighbours) {
      this.disconnect(peer, how)
      this.#network.reachable(this.id, peer)?.disconnect(this.id, how)
    }
    this.#stopping.abort(stopped())
  }

  async dial(address: string, signal: AbortSignal): Promise<PeerId> {
    const peer = /^\/memory\/(.+)$/.exec(address)?.[1]
    if (!peer) {
      throw new MurmurError({
        code: 'INVITATION_MALFORMED',
        message: `Expected an address such as /memory/peer-1, got ${JSON.stringify(address)}`,
      })
    }
    await this.#connect(peer, address, signal)
    return peer
  }

  async learn(peer: PeerId, addresses: readonly string[]): Promise<void> {
    if (addresses.includes(`/memory/${peer}`)) this.#known.add(peer)
  }

  connected(): PeerId[] {
    return [...this.#neighbours.keys()]
  }

  async open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<Channel> {
    if (!this.#neighbours.has(peer) && !this.#known.has(peer)) {
      this.#throwIfOver(signal)
      throw unreachable(`peer ${peer}`, 'no address of it is known')
    }
    const remote = await this.#connect(peer, `peer ${peer}`, signal)
    const handler = remote.#handlers.get(protocol)
    if (!handler) throw protocolMismatch(peer, protocol, [...remote.#handlers.keys()])
    const [near, far] = memoryStream(this.id, peer, bytes => this.#network.sent(this.id, bytes))
    this.#keep(peer, near)
    remote.#keep(this.id, far)
    void remote.#answer(handler, this.id, far)
    return framedChannel(peer, near)
  }

  async handle(protocol: string, handler: ChannelHandler): Promise<void> {
    if (this.#handlers.has(protocol)) throw new Error(`Expected one handler for ${protocol}, got a second`)
    this.#handlers.set(protocol, handler)
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    if (data.byteLength > MAX_PUBLISH_BYTES) {
      throw new MurmurError({
        code: 'MESSAGE_INVALID',
        message: `Expected at most ${MAX_PUBLISH_BYTES} bytes to publish on ${topic}, got ${data.byteLength}`,
        details: { topic, bytes: data.byteLength },
      })
    }
    const message = { from: this.id, topic, data: data.slice(), seen: new Set([this.id]) }
    this.#network.relay(this.id, this.connected(), message)
  }

  async subscribe(topic: string, validate: TopicValidator): Promise<void> {
    this.#topics.set(topic, validate)
  }

  watch(listener: (change: ConnectionChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @returns whether the message goes on from here */
  hear(message: Published): boolean {
    const validate = this.#topics.get(message.topic)
    if (!validate) return false
    message.seen.add(this.id)
    return validate(message.from, message.data) === 'accept'
  }

  disconnect(peer: PeerId, how: string): void {
    const streams = this.#neighbours.get(peer)
    if (!streams) return
    this.#neighbours.delete(peer)
    for (const stream of streams) stream.break(how)
    this.#tell({ peer, connected: false })
  }

  async #connect(peer: PeerId, whom: string, signal: AbortSignal): Promise<MemoryTransport> {
    await new Promise(setImmediate)
    this.#throwIfOver(signal)
    if (peer === this.id) throw unreachable(whom, 'that is this peer itself')
    const remote = this.#network.reachable(this.id, peer)
    if (!remote) throw unreachable(whom, 'connection refused')
    if (!this.#neighbours.has(peer)) {
      this.#neighbours.set(peer, new Set())
      remote.#neighbours.set(this.id, new Set())
      this.#tell({ peer, connected: true })
      remote.#tell({ peer: this.id, connected: true })
    }
    return remote
  }

  async #answer(handler: ChannelHandler, peer: PeerId, end: MemoryEnd): Promise<void> {
    try {
      await handler(framedChannel(peer, end), AbortSignal.any([end.broken, this.#stopping.signal]))
      await end.release()
    } catch (error) {
      end.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #keep(peer: PeerId, end: MemoryEnd): void {
    const streams = this.#neighbours.get(peer)
    streams?.add(end)
    end.whenOver(() => streams?.delete(end))
  }

  #tell(change: ConnectionChange): void {
    setImmediate(() => {
      for (const listener of this.#listeners) listener(change)
    })
  }

  #throwIfOver(signal: AbortSignal): void {
    signal.throwIfAborted()
    if (!this.running) throw stopped()
  }
}

function pair(a: PeerId, b: PeerId): string {
  return [a, b].sort().join(' ')
}

function stopped(): MurmurError {
  return new MurmurError({ code: 'CANCELLED', message: 'The transport was stopped' })
}

function unreachable(whom: string, reason: string): MurmurError {
  return new MurmurError({
    code: 'PEER_UNREACHABLE',
    message: `Cannot reach ${whom}: ${reason}`,
    details: { address: whom, reason },
  })
}
