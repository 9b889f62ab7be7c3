import type { EdgeState, PeerState } from '../api/state.ts'
import { type ColourBy, measures } from './colour-by.ts'
import { plural, whole } from './format.ts'
import type { Picture } from './graph/picture.ts'
import { matches } from './lists/columns.ts'
import type { SwarmModel } from './swarm-model.ts'

/** Most connections drawn, the latest: beyond that a picture of lines is a grey disc. */
const MAX_DRAWN = 5000

/** The swarm as the graph draws it: who departed is gone. */
export function pictureOf(model: SwarmModel, colourBy: ColourBy): Picture {
  const measure = measures[colourBy]
  const present = [...model.peers.values()].filter(isPresent)
  const shards = new Set(present.flatMap(peer => peer.shards))
  const edges = drawnEdges(model)
  const most = edges.reduce((greatest, [, edge]) => Math.max(greatest, edge.bytes), 0)
  return {
    peers: present.map(peer => ({
      id: peer.id,
      name: peer.name,
      throughput: peer.tokensPerSecond,
      presence: peer.presence === 'silent' ? 'silent' : 'live',
      value: measure.value(peer),
      caption: peer.presence === 'silent' ? 'silent' : measure.format(measure.value(peer)),
      shards: peer.shards,
      backend: peer.backend ?? '',
    })),
    connections: edges.map(([key, { a, b, bytes }]) => ({ key, a, b, weight: most === 0 ? 0 : bytes / most })),
    shards: [...shards].toSorted(),
  }
}

function isPresent(peer: PeerState): boolean {
  return peer.presence !== 'departed'
}

function drawnEdges(model: SwarmModel): [key: string, edge: EdgeState][] {
  const here = (id: string) => {
    const peer = model.peers.get(id)
    return peer !== undefined && isPresent(peer)
  }
  const edges = [...model.edges].filter(([, edge]) => here(edge.a) && here(edge.b))
  if (edges.length <= MAX_DRAWN) return edges
  return edges.toSorted(([, x], [, y]) => y.lastAt - x.lastAt).slice(0, MAX_DRAWN)
}

/** Whom a search finds; undefined while nothing is searched. */
export function foundBy(model: SwarmModel, search: string): Set<string> | undefined {
  if (search.trim() === '') return undefined
  return new Set(
    [...model.peers.values()].filter(peer => isPresent(peer) && matches(peer, search)).map(peer => peer.id),
  )
}

/** The graph in words, for those who do not see it. */
export function summaryOf(model: SwarmModel, picture: Picture): string {
  const { totals } = model
  if (!totals || picture.peers.length === 0) return 'No peers yet.'
  const parts = [
    `${plural(totals.live, 'live peer')}${totals.silent > 0 ? `, ${whole(totals.silent)} silent` : ''}${totals.departed > 0 ? `, ${whole(totals.departed)} departed` : ''}`,
    `${plural(picture.connections.length, 'connection')} on which they average`,
    totals.exchanges.tried === 0
      ? 'no exchange yet'
      : `${whole(totals.exchanges.ok)} of ${whole(totals.exchanges.tried)} exchanges came to pass`,
  ]
  return `${parts.join('; ')}.`
}
