import type { PeerId } from '../transport.ts'

/** Bytes that a peer has sent and received, framing of this project included, that of TCP and libp2p not. */
export interface PeerTraffic {
  streams: { sent: number; received: number }
  /** Copies that a neighbour already had are sent and received too. */
  published: { sent: number; received: number }
}

export interface LinkTraffic {
  from: PeerId
  to: PeerId
  /** Sent, over streams and published. */
  bytes: number
}

/** The bytes of a simulation. */
export class TrafficLedger {
  readonly #peers = new Map<PeerId, PeerTraffic>()
  readonly #links = new Map<PeerId, Map<PeerId, number>>()

  of(peer: PeerId): PeerTraffic {
    const known = this.#peers.get(peer)
    if (known) return known
    const traffic = { streams: { sent: 0, received: 0 }, published: { sent: 0, received: 0 } }
    this.#peers.set(peer, traffic)
    return traffic
  }

  links(): LinkTraffic[] {
    return [...this.#links].flatMap(([from, sent]) => Array.from(sent, ([to, bytes]) => ({ from, to, bytes })))
  }

  sent(kind: keyof PeerTraffic, from: PeerId, to: PeerId, bytes: number): void {
    this.of(from)[kind].sent += bytes
    let sent = this.#links.get(from)
    if (!sent) {
      sent = new Map()
      this.#links.set(from, sent)
    }
    sent.set(to, (sent.get(to) ?? 0) + bytes)
  }

  received(kind: keyof PeerTraffic, by: PeerId, bytes: number): void {
    this.of(by)[kind].received += bytes
  }
}
