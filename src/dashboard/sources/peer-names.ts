/** Short names of peers, each of one peer alone. */
export interface PeerNames {
  nameOf(peer: string): string
  /** Calls a peer by a name, such as its folder's, unless that is taken. */
  call(peer: string, name: string): void
}

/** All Ed25519 ids begin alike: their ends tell them apart. */
const SHORTEST = 6

/** Names that are remembered; beyond it peers are called by their ids. */
const MAX_NAMES = 8192

export function peerNames(): PeerNames {
  const names = new Map<string, string>()
  const owners = new Map<string, string>()
  const take = (peer: string, name: string) => {
    names.set(peer, name)
    owners.set(name, peer)
    return name
  }
  return {
    nameOf(peer) {
      const known = names.get(peer)
      if (known !== undefined) return known
      if (names.size >= MAX_NAMES || peer.length <= SHORTEST + 6) return peer
      for (let length = SHORTEST; length < peer.length; length++) {
        const name = `…${peer.slice(-length)}`
        if (!owners.has(name)) return take(peer, name)
      }
      return peer
    },
    call(peer, name) {
      if (owners.has(name) || names.size >= MAX_NAMES) return
      const before = names.get(peer)
      if (before !== undefined) owners.delete(before)
      take(peer, name)
    },
  }
}
