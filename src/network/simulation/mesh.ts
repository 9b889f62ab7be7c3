import type { PeerId } from '../transport.ts'

/** gossipsub's defaults: links that a peer wants, those below which it looks for more, those beyond which it refuses. */
const DEGREE = { wanted: 6, least: 4, most: 12 }

/**
 * Who passes published messages on to whom: of a peer's connections, about six. Mutual, as gossipsub's mesh is; a peer
 * without any is always taken in, in the place of gossipsub's announcements to those outside the mesh.
 */
export class Mesh {
  readonly #links = new Map<PeerId, Set<PeerId>>()

  of(peer: PeerId): ReadonlySet<PeerId> {
    return this.#of(peer)
  }

  connected(a: PeerId, b: PeerId): void {
    const [fewer, more] = [this.#of(a).size, this.#of(b).size].sort((x, y) => x - y)
    const both = more! < DEGREE.wanted
    const needed = fewer! < DEGREE.least && more! < DEGREE.most
    if (both || needed || fewer === 0) this.#link(a, b)
  }

  /** @param connections of the peer that lost one */
  disconnected(peer: PeerId, from: PeerId, connections: readonly PeerId[]): void {
    this.#of(peer).delete(from)
    this.#of(from).delete(peer)
    for (const other of connections) {
      if (this.#of(peer).size >= DEGREE.least) return
      if (this.#of(other).size < DEGREE.most || this.#of(peer).size === 0) this.#link(peer, other)
    }
  }

  #link(a: PeerId, b: PeerId): void {
    this.#of(a).add(b)
    this.#of(b).add(a)
  }

  #of(peer: PeerId): Set<PeerId> {
    const known = this.#links.get(peer)
    if (known) return known
    const links = new Set<PeerId>()
    this.#links.set(peer, links)
    return links
  }
}
