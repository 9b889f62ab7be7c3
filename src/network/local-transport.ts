import { MurmurError } from '../core/errors.ts'
import { framedChannel } from './framed-channel.ts'
import { type LocalEnd, localStream, type Wire } from './local-stream.ts'
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

/** What carries everything between the transports of one process: at once, or in virtual time. */
export interface Medium {
  /** Addresses are `/<name>/<peer id>`. */
  readonly name: string
  /** The transport of that peer, if it runs and a message from `from` would reach it. */
  reach(from: PeerId, to: PeerId): LocalTransport | undefined
  /** Whether `from` knows the address of `to` without having been told. */
  introduces(from: PeerId, to: PeerId): boolean
  /** Resolves when a message without content has gone over, whoever is there to take it. */
  travel(from: PeerId, to: PeerId, signal: AbortSignal): Promise<void>
  /** The same for everything that a first connection takes. */
  shakeHands(from: PeerId, to: PeerId, signal: AbortSignal): Promise<void>
  /** Calls `arrive` when word of a connection's end has gone over. */
  sayGoodbye(from: PeerId, to: PeerId, arrive: () => void): void
  /** One direction of a new stream. */
  wire(from: PeerId, to: PeerId): Wire
  /** Runs what must not run within its caller. */
  soon(task: () => void): void
  started(transport: LocalTransport): void
  stopped(transport: LocalTransport): void
  connected(a: LocalTransport, b: LocalTransport): void
  disconnected(transport: LocalTransport, peer: PeerId): void
  /** Passes a message on to the neighbours of `via`. */
  relay(via: LocalTransport, message: Published): void
}

export interface Published {
  readonly from: PeerId
  readonly topic: string
  readonly data: Uint8Array
}

/** One side of a connection: its streams. */
type Connection = Set<LocalEnd>

/** A peer of a network within one process. Errors are those of the real mesh. */
export class LocalTransport implements Transport {
  readonly id: PeerId
  readonly #medium: Medium
  readonly #handlers = new Map<string, ChannelHandler>()
  readonly #topics = new Map<string, TopicValidator>()
  readonly #connections = new Map<PeerId, Connection>()
  readonly #known = new Set<PeerId>()
  readonly #listeners = new Set<(change: ConnectionChange) => void>()
  #stopping = new AbortController()
  running = false

  constructor(id: PeerId, medium: Medium) {
    this.id = id
    this.#medium = medium
  }

  addresses(): string[] {
    return this.running ? [this.#addressOf(this.id)] : []
  }

  async start(): Promise<void> {
    if (this.running) return
    this.#stopping = new AbortController()
    this.running = true
    this.#medium.started(this)
  }

  async stop(): Promise<void> {
    this.end('was closed by a peer that stopped')
  }

  /** Leaves the network at once; politely or not, the others hear of it in the same way. */
  end(how: string): void {
    if (!this.running) return
    this.running = false
    for (const [peer, own] of this.#connections) {
      const theirs = this.#medium.reach(this.id, peer)?.connectionTo(this.id)
      this.#drop(peer, own, how)
      this.#medium.sayGoodbye(this.id, peer, () => {
        if (theirs) this.#medium.reach(this.id, peer)?.lose(this.id, theirs, how)
      })
    }
    this.#medium.stopped(this)
    this.#stopping.abort(stopped())
  }

  async dial(address: string, signal: AbortSignal): Promise<PeerId> {
    const prefix = this.#addressOf('')
    const peer = address.startsWith(prefix) ? address.slice(prefix.length) : ''
    if (!peer) {
      throw new MurmurError({
        code: 'INVITATION_MALFORMED',
        message: `Expected an address such as ${this.#addressOf('peer-1')}, got ${JSON.stringify(address)}`,
      })
    }
    await this.#connect(peer, address, signal)
    return peer
  }

  async learn(peer: PeerId, addresses: readonly string[]): Promise<void> {
    if (addresses.includes(this.#addressOf(peer))) this.#known.add(peer)
  }

  connected(): PeerId[] {
    return [...this.#connections.keys()]
  }

  connectionTo(peer: PeerId): Connection | undefined {
    return this.#connections.get(peer)
  }

  async open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<Channel> {
    this.#throwIfOver(signal)
    const whom = `peer ${peer}`
    if (!this.#connections.has(peer) && !this.#known.has(peer) && !this.#medium.introduces(this.id, peer)) {
      throw unreachable(whom, 'no address of it is known')
    }
    await this.#connect(peer, whom, signal)
    await this.#travel(this.id, peer, signal)
    const remote = this.#remote(peer, whom)
    const handler = remote.#handlers.get(protocol)
    if (!handler) {
      await this.#travel(peer, this.id, signal)
      throw protocolMismatch(peer, protocol, [...remote.#handlers.keys()])
    }
    const [near, far] = this.#stream(remote)
    void remote.#answer(handler, this.id, far)
    try {
      await this.#travel(peer, this.id, signal)
    } catch (error) {
      near.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
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
    this.#medium.relay(this, { from: this.id, topic, data: data.slice() })
  }

  async subscribe(topic: string, validate: TopicValidator): Promise<void> {
    this.#topics.set(topic, validate)
  }

  watch(listener: (change: ConnectionChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A published message has come: once, whatever its ways. Undefined if nobody listens here. */
  hear(message: Published): ReturnType<TopicValidator> | undefined {
    return this.#topics.get(message.topic)?.(message.from, message.data)
  }

  /** The connection to a peer is gone. */
  disconnect(peer: PeerId, how: string): void {
    const connection = this.#connections.get(peer)
    if (connection) this.#drop(peer, connection, how)
  }

  /** The same, if it is still that one. */
  lose(peer: PeerId, connection: Connection, how: string): void {
    if (this.#connections.get(peer) === connection) this.#drop(peer, connection, how)
  }

  #drop(peer: PeerId, connection: Connection, how: string): void {
    this.#connections.delete(peer)
    for (const stream of connection) stream.break(how)
    this.#tell({ peer, connected: false })
    this.#medium.disconnected(this, peer)
  }

  async #connect(peer: PeerId, whom: string, signal: AbortSignal): Promise<void> {
    this.#throwIfOver(signal)
    if (peer === this.id) throw unreachable(whom, 'that is this peer itself')
    if (this.#isConnectedTo(peer)) return
    await this.#medium.shakeHands(this.id, peer, signal)
    this.#throwIfOver(signal)
    if (this.#isConnectedTo(peer)) return // by the other side, meanwhile
    const remote = this.#medium.reach(this.id, peer)
    if (!remote) throw unreachable(whom, 'no answer')
    // Either side may still believe in a connection to an earlier life of the other.
    this.disconnect(peer, 'was replaced')
    remote.disconnect(this.id, 'was replaced')
    this.#connections.set(peer, new Set())
    remote.#connections.set(this.id, new Set())
    this.#tell({ peer, connected: true })
    remote.#tell({ peer: this.id, connected: true })
    this.#medium.connected(this, remote)
  }

  #isConnectedTo(peer: PeerId): boolean {
    const remote = this.#medium.reach(this.id, peer)
    return this.#connections.has(peer) && remote?.connectionTo(this.id) !== undefined
  }

  async #travel(from: PeerId, to: PeerId, signal: AbortSignal): Promise<void> {
    await this.#medium.travel(from, to, signal)
    this.#throwIfOver(signal)
  }

  #remote(peer: PeerId, whom: string): LocalTransport {
    const remote = this.#medium.reach(this.id, peer)
    if (!remote || !this.#isConnectedTo(peer)) throw unreachable(whom, 'the connection was lost')
    return remote
  }

  #stream(remote: LocalTransport): [LocalEnd, LocalEnd] {
    const there = this.#medium.wire(this.id, remote.id)
    const back = this.#medium.wire(remote.id, this.id)
    const [near, far] = localStream(this.id, remote.id, there, back)
    this.#keep(remote.id, near)
    remote.#keep(this.id, far)
    return [near, far]
  }

  async #answer(handler: ChannelHandler, peer: PeerId, end: LocalEnd): Promise<void> {
    try {
      await handler(framedChannel(peer, end), AbortSignal.any([end.broken, this.#stopping.signal]))
      await end.release()
    } catch (error) {
      end.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #keep(peer: PeerId, end: LocalEnd): void {
    const streams = this.#connections.get(peer)
    streams?.add(end)
    end.whenOver(() => streams?.delete(end))
  }

  #tell(change: ConnectionChange): void {
    this.#medium.soon(() => {
      for (const listener of this.#listeners) listener(change)
    })
  }

  #throwIfOver(signal: AbortSignal): void {
    signal.throwIfAborted()
    if (!this.running) throw stopped()
  }

  #addressOf(peer: PeerId): string {
    return `/${this.#medium.name}/${peer}`
  }
}

/** The pair's name, whichever comes first. */
export function pairName(a: PeerId, b: PeerId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
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
