import {
  type ForceLink,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
} from 'd3-force'
import { connectionKey } from './picture.ts'

/** A peer's place, in world units. It keeps its identity as long as the peer is there. */
export interface Body {
  readonly id: string
  x: number
  y: number
  vx: number
  vy: number
  index: number
}

export interface Tie extends SimulationLinkDatum<Body> {
  readonly key: string
  readonly source: Body
  readonly target: Body
}

/** Where the peers stand. Peers that stay keep their places: a change stirs the swarm only a little. */
export interface Layout {
  readonly bodies: readonly Body[]
  readonly ties: readonly Tie[]
  body(id: string): Body | undefined
  /** Takes who is there and who is connected. Returns whether anything is different. */
  update(ids: readonly string[], connections: readonly { readonly a: string; readonly b: string }[]): boolean
  /** Moves everybody a little; false once the swarm is calm. */
  tick(): boolean
  readonly calm: boolean
  /** Moves until calm, at most so many ticks: for those who want no motion. */
  settle(ticks: number): void
}

/** World units between two connected peers, if nothing else pulled at them. */
const TIE_LENGTH = 90
const CALM = 0.012
/** Heat of a first layout, of a peer's coming or going, and of a connection's. */
const HEAT = { first: 1, peer: 0.18, connection: 0.04 }

/** Deterministic: the same swarm in the same order of changes stands in the same places. */
export function swarmLayout(): Layout {
  return new ForceLayout()
}

class ForceLayout implements Layout {
  bodies: Body[] = []
  ties: Tie[] = []
  readonly #byId = new Map<string, Body>()
  #tieKeys = new Set<string>()
  readonly #links: ForceLink<Body, Tie>
  readonly #simulation: Simulation<Body, Tie>

  constructor() {
    this.#links = forceLink<Body, Tie>().distance(TIE_LENGTH)
    this.#simulation = forceSimulation<Body, Tie>()
      .stop()
      .alphaMin(CALM)
      .alphaDecay(0.025)
      .velocityDecay(0.5)
      .force('charge', forceManyBody<Body>().strength(-220).distanceMax(600).theta(1))
      .force('links', this.#links)
      .force('x', forceX<Body>().strength(0.045))
      .force('y', forceY<Body>().strength(0.06))
      .alpha(0)
  }

  get calm(): boolean {
    return this.#simulation.alpha() < CALM
  }

  body(id: string): Body | undefined {
    return this.#byId.get(id)
  }

  update(ids: readonly string[], connections: readonly { readonly a: string; readonly b: string }[]): boolean {
    const first = this.bodies.length === 0
    const gone = this.#dropAbsent(ids)
    const fresh = ids.filter(id => !this.#byId.has(id))
    if (fresh.length > 0) this.#place(fresh, connections)
    const peersChanged = gone || fresh.length > 0
    if (peersChanged) {
      this.bodies = ids.map(id => this.#byId.get(id)!)
      this.#simulation.nodes(this.bodies)
    }
    const tiesChanged = this.#tie(connections, peersChanged)
    if (peersChanged) this.#heat(first ? HEAT.first : HEAT.peer)
    else if (tiesChanged) this.#heat(HEAT.connection)
    return peersChanged || tiesChanged
  }

  tick(): boolean {
    if (this.calm) return false
    this.#simulation.tick()
    return true
  }

  settle(ticks: number): void {
    for (let i = 0; i < ticks && this.tick(); i++);
  }

  #heat(heat: number): void {
    this.#simulation.alpha(Math.max(this.#simulation.alpha(), heat))
  }

  #dropAbsent(ids: readonly string[]): boolean {
    const present = new Set(ids)
    let dropped = false
    for (const id of this.#byId.keys()) {
      if (present.has(id)) continue
      this.#byId.delete(id)
      dropped = true
    }
    return dropped
  }

  /** A newcomer stands between those it knows; one who knows nobody, where its id says. */
  #place(fresh: readonly string[], connections: readonly { readonly a: string; readonly b: string }[]): void {
    const spread = TIE_LENGTH * 0.6 * Math.sqrt(fresh.length + this.bodies.length)
    const newcomers = new Set(fresh)
    const sums = new Map<string, { x: number; y: number; n: number }>()
    const near = (id: string, other: Body | undefined) => {
      if (!other || !newcomers.has(id)) return
      const sum = sums.get(id) ?? { x: 0, y: 0, n: 0 }
      sums.set(id, { x: sum.x + other.x, y: sum.y + other.y, n: sum.n + 1 })
    }
    if (this.bodies.length > 0) {
      for (const { a, b } of connections) {
        near(a, this.#byId.get(b))
        near(b, this.#byId.get(a))
      }
    }
    for (const id of fresh) {
      const [u, v] = unitSquare(id)
      const angle = 2 * Math.PI * u
      const sum = sums.get(id)
      const reach = sum ? TIE_LENGTH : spread * Math.sqrt(v)
      const x = (sum ? sum.x / sum.n : 0) + reach * Math.cos(angle)
      const y = (sum ? sum.y / sum.n : 0) + reach * Math.sin(angle)
      this.#byId.set(id, { id, x, y, vx: 0, vy: 0, index: 0 })
    }
  }

  #tie(connections: readonly { readonly a: string; readonly b: string }[], peersChanged: boolean): boolean {
    const keys = new Set<string>()
    const ends: { key: string; source: Body; target: Body }[] = []
    for (const { a, b } of connections) {
      const source = this.#byId.get(a)
      const target = this.#byId.get(b)
      const key = connectionKey(a, b)
      if (!source || !target || a === b || keys.has(key)) continue
      keys.add(key)
      ends.push({ key, source, target })
    }
    const same = keys.size === this.#tieKeys.size && [...keys].every(key => this.#tieKeys.has(key))
    if (same && !peersChanged) return false
    this.#tieKeys = keys
    this.ties = ends
    this.#links.links(this.ties)
    return !same
  }
}

/** Two numbers in [0, 1) that an id always has (FNV-1a over its characters, twice). */
function unitSquare(id: string): [number, number] {
  const hash = (seed: number) => {
    let h = seed
    for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
    return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32
  }
  return [hash(0x811c9dc5), hash(0x9e3779b9)]
}
