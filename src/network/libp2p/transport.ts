import { setMaxListeners } from 'node:events'
import { type Message, TopicValidatorResult } from '@libp2p/gossipsub'
import type { Connection, PeerId as Libp2pPeerId, PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Registry } from 'prom-client'
import { MurmurError } from '../../core/errors.ts'
import { random } from '../../core/random.ts'
import { framedChannel } from '../framed-channel.ts'
import { protocolMismatch } from '../protocol-mismatch.ts'
import {
  type Channel,
  type ChannelHandler,
  type ConnectionChange,
  MAX_PUBLISH_BYTES,
  type PeerId,
  type TopicValidator,
  type Transport,
} from '../transport.ts'
import { furthestFirst, parseInvitation, parseOwnAddress, usableAddresses } from './addresses.ts'
import { type Discovery, discovery } from './discovery.ts'
import { dialFailure, listenFailure } from './failures.ts'
import { loadIdentity, temporaryIdentity } from './identity.ts'
import { createNode, type MurmurNode, type RelayLimits } from './node.ts'
import { libp2pByteStream } from './stream.ts'

export interface Libp2pTransportInit {
  /** File of this peer's Ed25519 key, made if missing. Without it and without `privateKey`: a new key each time. */
  identityPath?: string
  privateKey?: PrivateKey
  /**
   * Addresses to listen on; none for a peer that only dials.
   * @default ['/ip4/0.0.0.0/tcp/0']: any free port
   */
  listen?: readonly string[]
  /** Addresses to tell others instead of those listened on, for a peer behind a port forwarding. @default [] */
  announce?: readonly string[]
  /** Addresses of peers that introduce others, tried until each answers and again when it is lost. @default [] */
  bootstrap?: readonly string[]
  /** Finds peers of the local network by multicast. @default false */
  mdns?: boolean
  relay?: {
    /** Be reachable through a relay among the known peers, and hole-punch from there. @default false */
    client?: boolean
    /** Relay for others, within limits. @default false */
    server?: boolean | RelayLimits
  }
  /** Where libp2p's own metrics go: connections, streams, bytes by protocol. @default nowhere */
  metrics?: Registry
  /**
   * Neighbours to look for, each a peer that hears one of this peer's topics: none before the first subscription.
   * Must be >= 0. @default 8
   */
  neighbours?: number
  /** Milliseconds between questions for more neighbours, give or take a third. Must be >= 50. @default 5000 */
  discoveryMs?: number
}

/**
 * The real mesh: TCP, noise, yamux and gossipsub.
 * @throws MurmurError `USAGE` or `INVITATION_MALFORMED` for a malformed address, `STORAGE_FAILED` for the identity;
 * `start` throws `PORT_IN_USE`
 */
export async function libp2pTransport(init: Libp2pTransportInit = {}): Promise<Transport> {
  const neighbours = atLeast('neighbours', init.neighbours ?? 8, 0)
  const intervalMs = atLeast('discoveryMs', init.discoveryMs ?? 5000, 50)
  const listen = (init.listen ?? ['/ip4/0.0.0.0/tcp/0']).map(each => parseOwnAddress(each, 'listen'))
  const announce = (init.announce ?? []).map(each => parseOwnAddress(each, 'announce'))
  const bootstrap = (init.bootstrap ?? []).map(each => parseInvitation(each))
  const privateKey =
    init.privateKey ?? (init.identityPath ? await loadIdentity(init.identityPath) : await temporaryIdentity())
  const server = init.relay?.server ?? false
  const node = await createNode({
    privateKey,
    listen,
    announce,
    mdns: init.mdns ?? false,
    metrics: init.metrics,
    relayClient: init.relay?.client ?? false,
    relayServer: server === true ? {} : server || undefined,
  })
  const seed = node.peerId.toString() // peers that started together must not ask in step
  const components = { node, random: random(seed) }
  return new Libp2pTransport(node, listen.map(String), transport =>
    discovery({ ...components, transport }, { bootstrap, neighbours, intervalMs }),
  )
}

function atLeast(option: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value
  throw new MurmurError({
    code: 'USAGE',
    message: `Expected \`${option}\` to be an integer >= ${least}, got ${value}`,
    details: { option, value },
  })
}

class Libp2pTransport implements Transport {
  readonly id: PeerId
  readonly #node: MurmurNode
  readonly #listen: readonly string[]
  readonly #discovery: Discovery
  readonly #stopping = new AbortController()
  #stopped: Promise<void> | undefined

  constructor(node: MurmurNode, listen: readonly string[], makeDiscovery: (transport: Transport) => Discovery) {
    this.id = node.peerId.toString()
    this.#node = node
    this.#listen = listen
    this.#discovery = makeDiscovery(this)
    setMaxListeners(0, this.#stopping.signal) // one for each open stream
  }

  addresses(): string[] {
    return furthestFirst(this.#node.getMultiaddrs()).map(String)
  }

  async start(): Promise<void> {
    try {
      await this.#node.start()
    } catch (error) {
      await this.#node.stop()
      throw listenFailure(this.#listen, error)
    }
    for (const topic of this.#node.services.pubsub.topicValidators.keys()) this.#node.services.pubsub.subscribe(topic)
    await this.#discovery.start(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new MurmurError({ code: 'CANCELLED', message: 'The transport was stopped' }))
    this.#stopped ??= this.#stop()
    await this.#stopped
  }

  async #stop(): Promise<void> {
    await this.#discovery.stopped()
    await this.#node.stop()
  }

  async dial(address: string, signal: AbortSignal): Promise<PeerId> {
    const invitation = parseInvitation(address)
    try {
      const connection = await this.#node.dial(invitation.address, { signal: this.#until(signal) })
      return connection.remotePeer.toString()
    } catch (error) {
      this.#throwIfOver(signal)
      throw dialFailure(address, error)
    }
  }

  async learn(peer: PeerId, addresses: readonly string[]): Promise<void> {
    const id = parsePeerId(peer)
    const usable = usableAddresses(peer, addresses)
    if (peer === this.id || usable.length === 0) return
    await this.#node.peerStore.patch(id, { multiaddrs: usable })
  }

  connected(): PeerId[] {
    return this.#node.getPeers().map(String)
  }

  async open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<Channel> {
    const connection = await this.#connect(peer, signal)
    try {
      const options = { signal: this.#until(signal), runOnLimitedConnection: true }
      const stream = await connection.newStream(protocol, options)
      return framedChannel(peer, libp2pByteStream(peer, stream))
    } catch (error) {
      this.#throwIfOver(signal)
      if (error instanceof Error && error.name === 'UnsupportedProtocolError') {
        throw protocolMismatch(peer, protocol, await this.#spokenBy(connection, signal))
      }
      throw dialFailure(`peer ${peer}`, error)
    }
  }

  async handle(protocol: string, handler: ChannelHandler): Promise<void> {
    const answer = (stream: Stream, connection: Connection) => this.#answer(handler, stream, connection)
    await this.#node.handle(protocol, answer, { runOnLimitedConnection: true })
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    if (data.byteLength > MAX_PUBLISH_BYTES) {
      throw new MurmurError({
        code: 'MESSAGE_INVALID',
        message: `Expected at most ${MAX_PUBLISH_BYTES} bytes to publish on ${topic}, got ${data.byteLength}`,
        details: { topic, bytes: data.byteLength },
      })
    }
    this.#stopping.signal.throwIfAborted()
    await this.#node.services.pubsub.publish(topic, data)
  }

  async subscribe(topic: string, validate: TopicValidator): Promise<void> {
    const { pubsub } = this.#node.services
    pubsub.topicValidators.set(topic, (_relayedBy, message) => verdict(message, validate))
    if (this.#node.status !== 'started') return // `start` makes up for it
    pubsub.subscribe(topic)
    this.#discovery.seek()
  }

  watch(listener: (change: ConnectionChange) => void): () => void {
    const onConnect = (event: CustomEvent<Libp2pPeerId>) => listener({ peer: event.detail.toString(), connected: true })
    const onLoss = (event: CustomEvent<Libp2pPeerId>) => listener({ peer: event.detail.toString(), connected: false })
    this.#node.addEventListener('peer:connect', onConnect)
    this.#node.addEventListener('peer:disconnect', onLoss)
    return () => {
      this.#node.removeEventListener('peer:connect', onConnect)
      this.#node.removeEventListener('peer:disconnect', onLoss)
    }
  }

  async #connect(peer: PeerId, signal: AbortSignal): Promise<Connection> {
    try {
      return await this.#node.dial(parsePeerId(peer), { signal: this.#until(signal) })
    } catch (error) {
      this.#throwIfOver(signal)
      if (error instanceof MurmurError) throw error
      throw dialFailure(`peer ${peer}`, error)
    }
  }

  async #answer(handler: ChannelHandler, stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString()
    const bytes = libp2pByteStream(peer, stream)
    try {
      await handler(framedChannel(peer, bytes), this.#until(bytes.broken))
      await bytes.release()
    } catch (error) {
      bytes.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** The peer's protocols, asked for anew: right after the first contact they may not have arrived yet. */
  async #spokenBy(connection: Connection, signal: AbortSignal): Promise<readonly string[]> {
    try {
      const { protocols } = await this.#node.services.identify.identify(connection, { signal: this.#until(signal) })
      return protocols
    } catch {
      return [] // it only makes the error message poorer
    }
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#stopping.signal])
  }

  #throwIfOver(signal: AbortSignal): void {
    signal.throwIfAborted()
    this.#stopping.signal.throwIfAborted()
  }
}

function verdict(message: Message, validate: TopicValidator): TopicValidatorResult {
  if (message.type !== 'signed' || message.data.byteLength > MAX_PUBLISH_BYTES) return TopicValidatorResult.Reject
  const results = {
    accept: TopicValidatorResult.Accept,
    ignore: TopicValidatorResult.Ignore,
    reject: TopicValidatorResult.Reject,
  }
  return results[validate(message.from.toString(), message.data)]
}

function parsePeerId(text: PeerId): Libp2pPeerId {
  try {
    return peerIdFromString(text)
  } catch (cause) {
    throw new MurmurError({
      code: 'PEER_UNREACHABLE',
      message: `Expected a peer id such as 12D3Koo..., got ${JSON.stringify(text.slice(0, 100))}`,
      cause,
    })
  }
}
