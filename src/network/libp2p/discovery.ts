import { KEEP_ALIVE, type PeerInfo } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type Clock, systemClock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import type { Random } from '../../core/random.ts'
import type { PeerId, Transport } from '../transport.ts'
import { furthestFirst, MAX_ADDRESSES, usableAddresses } from './addresses.ts'
import type { MurmurNode } from './node.ts'
import { answerWithPeers, askForPeers, type KnownPeer, MAX_PEERS, PEERS_PROTOCOL } from './peers-protocol.ts'

export interface DiscoveryInit {
  bootstrap: readonly { address: Multiaddr; peer: PeerId }[]
  /** Neighbours to look for. */
  neighbours: number
  /** Milliseconds between questions, give or take a third. */
  intervalMs: number
}

export interface DiscoveryComponents {
  node: MurmurNode
  transport: Transport
  random: Random
  clock?: Clock
}

/** Finds neighbours: at bootstrap addresses, by multicast, and by asking those already found. */
export interface Discovery {
  /** Runs until the signal fires. Never fails for lack of others. */
  start(signal: AbortSignal): Promise<void>
  /** Asks everybody connected now, rather than when their turn comes: there is a new topic. */
  seek(): void
  /** Resolves when nothing is under way any more, after the signal fired. */
  stopped(): Promise<void>
}

export function discovery(components: DiscoveryComponents, init: DiscoveryInit): Discovery {
  return new PeerDiscovery(components, init)
}

const DIAL_MS = 10_000
const ASK_MS = 5_000
const ANSWER_MS = 10_000
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 30_000

class PeerDiscovery implements Discovery {
  readonly #node: MurmurNode
  readonly #transport: Transport
  readonly #random: Random
  readonly #clock: Clock
  readonly #init: DiscoveryInit
  readonly #running = new Set<Promise<void>>()
  #signal = AbortSignal.abort()
  readonly #asking = new Set<PeerId>()

  constructor({ node, transport, random, clock }: DiscoveryComponents, init: DiscoveryInit) {
    this.#node = node
    this.#transport = transport
    this.#random = random
    this.#clock = clock ?? systemClock
    this.#init = init
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    await this.#transport.handle(PEERS_PROTOCOL, (channel, over) =>
      withDeadline(this.#clock, ANSWER_MS, 'An answer to a question for peers', over, until =>
        answerWithPeers(channel, topics => this.#known(channel.peer, topics), until),
      ),
    )
    const listening = { signal }
    // Multicast finds peers but dials none; the bootstrap addresses are dialled below.
    this.#node.addEventListener('peer:discovery', ({ detail }) => this.#run(this.#meet(detail, signal)), listening)
    this.#node.addEventListener(
      'peer:identify',
      ({ detail }) => {
        if (detail.protocols.includes(PEERS_PROTOCOL)) this.#run(this.#ask(detail.peerId.toString(), signal))
      },
      listening,
    )
    for (const each of this.#init.bootstrap) {
      if (each.peer !== this.#transport.id) this.#run(this.#keepConnected(each, signal))
    }
    this.#run(this.#askNowAndThen(signal))
  }

  seek(): void {
    for (const peer of this.#transport.connected()) this.#run(this.#ask(peer, this.#signal))
  }

  async stopped(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  #run(task: Promise<void>): void {
    // Whatever fails here is tried again or made up for by another peer, and stopping ends all of it.
    const done = task
      .catch(() => {})
      .finally(() => {
        this.#running.delete(done)
      })
    this.#running.add(done)
  }

  /** libp2p dials a bootstrap address once: this tries until it answers, and again when the connection was lost. */
  async #keepConnected({ address, peer }: { address: Multiaddr; peer: PeerId }, signal: AbortSignal): Promise<void> {
    const id = peerIdFromString(peer)
    for (let retryMs = FIRST_RETRY_MS; !signal.aborted; ) {
      try {
        await this.#within(DIAL_MS, signal, until => this.#node.dial(address, { signal: until }))
        // The tag guards the connection when others are pruned.
        await this.#node.peerStore.merge(id, { tags: { [`${KEEP_ALIVE}-murmuration`]: { value: 100 } } })
        await this.#untilLost(peer, signal)
        retryMs = FIRST_RETRY_MS
      } catch {
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      }
      await this.#clock.sleep(retryMs * (0.5 + this.#random.next()), signal)
    }
  }

  #untilLost(peer: PeerId, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        stop()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const stop = this.#transport.watch(change => {
        if (change.peer === peer && !change.connected) done()
      })
      signal.addEventListener('abort', done)
      if (signal.aborted || !this.#transport.connected().includes(peer)) done()
    })
  }

  async #askNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(this.#init.intervalMs * (2 / 3 + (this.#random.next() * 2) / 3), signal)
      const connected = this.#transport.connected()
      const introducers = this.#init.bootstrap.map(each => each.peer).filter(peer => connected.includes(peer))
      const asked = new Set([...introducers, ...this.#random.shuffle(connected).slice(0, 1)])
      for (const peer of asked) this.#run(this.#ask(peer, signal))
    }
  }

  /** Asks one peer for others and connects to as many of them as are still wanted. */
  async #ask(peer: PeerId, signal: AbortSignal): Promise<void> {
    if (this.#wanted() === 0 || this.#asking.has(peer)) return
    this.#asking.add(peer)
    try {
      const found = await this.#within(ASK_MS, signal, async until => {
        const channel = await this.#transport.open(peer, PEERS_PROTOCOL, until)
        try {
          return await askForPeers(channel, this.#node.services.pubsub.getTopics(), until)
        } catch (error) {
          channel.abort(error as Error)
          throw error
        }
      })
      const connected = new Set([this.#transport.id, ...this.#transport.connected()])
      const strangers = this.#random.shuffle(found.filter(each => !connected.has(each.id)))
      await Promise.allSettled(strangers.slice(0, this.#wanted()).map(each => this.#introduce(each, signal)))
    } finally {
      this.#asking.delete(peer)
    }
  }

  async #introduce(stranger: KnownPeer, signal: AbortSignal): Promise<void> {
    const addresses = usableAddresses(stranger.id, stranger.addresses)
    if (addresses.length === 0) return
    const id = peerIdFromString(stranger.id)
    const stored = await this.#node.peerStore.has(id)
    try {
      await this.#within(DIAL_MS, signal, until => this.#node.dial(addresses, { signal: until }))
    } catch (error) {
      // libp2p remembers every peer it failed to reach; hearsay must not grow that memory.
      if (!stored) await this.#node.peerStore.delete(id)
      throw error
    }
  }

  async #meet(found: PeerInfo, signal: AbortSignal): Promise<void> {
    const enough = this.#transport.connected().length >= this.#init.neighbours
    const wanted = this.#node.services.pubsub.getTopics().length === 0 ? !enough : this.#wanted() > 0
    if (!wanted || found.multiaddrs.length === 0) return
    await this.#introduce({ id: found.id.toString(), addresses: found.multiaddrs.map(String) }, signal)
  }

  /** Neighbours still missing. Peers of other runs do not count, and without a topic there is no run to look for. */
  #wanted(): number {
    const topics = this.#node.services.pubsub.getTopics()
    if (topics.length === 0) return 0
    const listeners = this.#listeners(topics)
    const neighbours = this.#transport.connected().filter(peer => listeners.has(peer))
    return Math.max(0, this.#init.neighbours - neighbours.length)
  }

  #listeners(topics: readonly string[]): Set<PeerId> {
    return new Set(topics.flatMap(topic => this.#node.services.pubsub.getSubscribers(topic)).map(String))
  }

  /** Connected peers and where they can be dialled, in random order. */
  async #known(asker: PeerId, topics: readonly string[]): Promise<KnownPeer[]> {
    const listeners = this.#listeners(topics)
    const suits = (peer: PeerId) => peer !== asker && (topics.length === 0 || listeners.has(peer))
    const live = this.#transport.connected().filter(suits)
    const chosen = this.#random.shuffle(live).slice(0, MAX_PEERS)
    const known = await Promise.all(chosen.map(async id => ({ id, addresses: await this.#addressesOf(id) })))
    return known.filter(each => each.addresses.length > 0)
  }

  async #addressesOf(peer: PeerId): Promise<string[]> {
    const stored = await this.#node.peerStore.get(peerIdFromString(peer)).catch(() => undefined)
    const addresses = furthestFirst(stored?.addresses.map(each => each.multiaddr) ?? [])
    return addresses.slice(0, MAX_ADDRESSES).map(String)
  }

  #within<T>(ms: number, signal: AbortSignal, task: (until: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#clock, ms, 'Finding peers', signal, task)
  }
}
