import type { PeerId } from '../transport.ts'

/** Peers' places in a list; those that are not on it follow as they appear. */
export function places(peers: readonly PeerId[]): (peer: PeerId) => number {
  const known = new Map(peers.map((peer, place) => [peer, place]))
  return peer => {
    const place = known.get(peer) ?? known.size
    known.set(peer, place)
    return place
  }
}
