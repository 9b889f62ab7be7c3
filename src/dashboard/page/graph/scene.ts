import type { Body } from './layout.ts'
import { type Layout, swarmLayout, type Tie } from './layout.ts'
import { backendMark, ringOf } from './marks.ts'
import type { Picture, PicturedConnection } from './picture.ts'
import { type Domain, domainOf, levelOf, radiusOf } from './scales.ts'
import type { Look } from './sprites.ts'

/** A node as it is painted: where its body is, and its looks. */
export interface Node {
  readonly body: Body
  readonly name: string
  readonly caption: string
  /** Pixels at scale 1. */
  readonly radius: number
  readonly look: Look
}

/** A peer that went: fades where it stood. */
interface Ghost {
  readonly node: Node
  readonly goneAt: number
}

/** The picture, laid out. */
export interface Scene {
  readonly layout: Layout
  readonly nodes: readonly Node[]
  readonly ghosts: readonly Ghost[]
  /** Of the values that the colours show; undefined where no peer has one. */
  readonly domain: Domain | undefined
  node(id: string): Node | undefined
  isBusy(tie: Tie): boolean
  show(picture: Picture, now: number): void
  /** Forgets the peers that went before then. */
  forget(before: number): void
}

/** Share of the busiest connection's traffic from which an edge is drawn stronger. */
const BUSY = 0.5
const MAX_GHOSTS = 64

export function swarmScene(): Scene {
  return new LaidOut()
}

class LaidOut implements Scene {
  readonly layout = swarmLayout()
  nodes: Node[] = []
  ghosts: Ghost[] = []
  domain: Domain | undefined
  readonly #byId = new Map<string, Node>()
  /** Looks that are equal are one object, so that their sprites are found without making a key. */
  readonly #looks = new Map<string, Look>()
  #busy = new Set<string>()

  node(id: string): Node | undefined {
    return this.#byId.get(id)
  }

  isBusy(tie: Tie): boolean {
    return this.#busy.has(tie.key)
  }

  show(picture: Picture, now: number): void {
    const ids = picture.peers.map(peer => peer.id)
    const before = new Map(this.#byId)
    this.layout.update(ids, picture.connections)
    this.domain = domainOf(picture.peers.map(peer => peer.value))
    const fastest = picture.peers.reduce((most, peer) => Math.max(most, peer.throughput ?? 0), 0)
    this.#byId.clear()
    this.nodes = picture.peers.map(peer => {
      const node: Node = {
        body: this.layout.body(peer.id)!,
        name: peer.name,
        caption: peer.caption,
        radius: radiusOf(peer.throughput, fastest),
        look: this.#look({
          level: levelOf(peer.value, this.domain),
          ring: ringOf(peer.shards, picture.shards),
          mark: backendMark(peer.backend),
          silent: peer.presence === 'silent',
        }),
      }
      this.#byId.set(peer.id, node)
      before.delete(peer.id)
      return node
    })
    for (const node of before.values()) this.ghosts.push({ node, goneAt: now })
    if (this.ghosts.length > MAX_GHOSTS) this.ghosts.splice(0, this.ghosts.length - MAX_GHOSTS)
    this.#busy = new Set(picture.connections.filter(isBusy).map(({ key }) => key))
  }

  forget(before: number): void {
    if (this.ghosts.length > 0) this.ghosts = this.ghosts.filter(ghost => ghost.goneAt >= before)
  }

  #look(look: Look): Look {
    const key = `${look.level} ${look.ring} ${look.mark} ${look.silent}`
    const known = this.#looks.get(key)
    if (known) return known
    if (this.#looks.size > 4096) this.#looks.clear()
    this.#looks.set(key, look)
    return look
  }
}

function isBusy(connection: PicturedConnection): boolean {
  return connection.weight >= BUSY
}
