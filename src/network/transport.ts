/**
 * The network as a port. `libp2p/` is the real mesh, `memory.ts` the same within one process; a simulation is a third
 * implementation. One compliance suite holds them all to this page.
 */

/** A peer's identity in its printable form. For libp2p: the base58 peer id. */
export type PeerId = string

export interface Transport {
  readonly id: PeerId
  /** Addresses others can dial, most specific first. Empty before `start`. */
  addresses(): string[]
  start(): Promise<void>
  /** Says goodbye on every connection and releases everything. Idempotent. */
  stop(): Promise<void>
  /** Connects to an address. @throws MurmurError `PEER_UNREACHABLE`, `INVITATION_MALFORMED` */
  dial(address: string, signal: AbortSignal): Promise<PeerId>
  /** Remembers where a peer may be dialled, so that `open` works without a connection. Bounded per peer. */
  learn(peer: PeerId, addresses: readonly string[]): Promise<void>
  /** Peers with an open connection. */
  connected(): PeerId[]
  /** Opens a stream, connecting first if need be. @throws MurmurError `PEER_UNREACHABLE`, `PROTOCOL_MISMATCH` */
  open(peer: PeerId, protocol: string, signal: AbortSignal): Promise<Channel>
  /**
   * Answers a protocol, once for each. A handler that throws resets its stream and nothing else; the channel is closed when it returns.
   */
  handle(protocol: string, handler: ChannelHandler): Promise<void>
  /** Publishes to a topic's subscribers; silently to none. At most `MAX_PUBLISH_BYTES`. */
  publish(topic: string, data: Uint8Array): Promise<void>
  /**
   * Hears a topic. The validator decides whether a message is passed on to others; it must not throw and runs once per
   * message. Own messages are not heard.
   */
  subscribe(topic: string, validate: TopicValidator): Promise<void>
  /** Calls back on every first connection to and last disconnection from a peer. Returns the way to stop that. */
  watch(listener: (change: ConnectionChange) => void): () => void
}

export interface ConnectionChange {
  peer: PeerId
  connected: boolean
}

export type TopicValidator = (from: PeerId, data: Uint8Array) => 'accept' | 'ignore' | 'reject'

export type ChannelHandler = (channel: Channel, signal: AbortSignal) => Promise<void>

/**
 * A bidirectional stream to one peer. Messages are length-prefixed; bulk bytes are raw, their number agreed on in a
 * message before. Both kinds may follow each other in any order.
 */
export interface Channel {
  readonly peer: PeerId
  /** Bytes handed to and taken from the stream so far, framing included. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Sends one message of at most `MAX_MESSAGE_BYTES`. */
  send(message: Uint8Array, signal: AbortSignal): Promise<void>
  /** @throws MurmurError `MESSAGE_INVALID` if it is longer than `MAX_MESSAGE_BYTES` */
  receive(signal: AbortSignal): Promise<Uint8Array>
  /**
   * Sends raw bytes with back-pressure: takes the next chunk only when the stream has room. Chunks must not be changed
   * after they were yielded.
   */
  sendBulk(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>
  /** Yields exactly `length` raw bytes in chunks of any size; the reader's pace is the sender's. */
  receiveBulk(length: number, signal: AbortSignal): AsyncGenerator<Uint8Array>
  /** Ends this side politely. */
  close(): Promise<void>
  /** Resets both directions at once. */
  abort(error: Error): void
}

/** Largest control message, in bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024

/** Largest published message, in bytes. gossipsub drops anything over 4 MiB silently; control messages are small. */
export const MAX_PUBLISH_BYTES = 64 * 1024
