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

export interface Connection {
  /** The same from both ends. */
  readonly key: string
  readonly a: string
  readonly b: string
}

/** Where the peers stand. Peers that stay keep their places: a change stirs the swarm only a little. */
export interface Layout {
  readonly bodies: readonly Body[]
  readonly ties: readonly Tie[]
  body(id: string): Body | undefined
  /** Takes who is there and who is connected. */
  update(ids: readonly string[], connections: readonly Connection[]): void
  /** Moves everybody a little; false once the swarm is calm. */
  tick(): boolean
  readonly calm: boolean
  /** Moves until calm, at most so many ticks: for those who want no motion. */
  settle(ticks: number): void
}

/** World units between two connected peers, if nothing else pulled at them. */
const TIE_LENGTH = 90
const CALM = 0.012
/** How strongly connections pull: partners are mostly drawn at random, so their lines should not knot the swarm. */
const PULL = 0.4
/** Towards the middle; weaker to the sides, because screens are wide. */
const GRAVITY = { x: 0.03, y: 0.07 }
/** Share of the connections that may change before the layout follows. */
const RESTLESS = 0.1
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
  readonly #degrees = new Map<Body, number>()
  /** Connections that came or went since everybody was last set moving. */
  #unsettled = 0
  readonly #links: ForceLink<Body, Tie>
  readonly #simulation: Simulation<Body, Tie>

  constructor() {
    const degree = (body: Body) => this.#degrees.get(body) ?? 1
    this.#links = forceLink<Body, Tie>()
      .distance(TIE_LENGTH)
      .strength(tie => PULL / Math.min(degree(tie.source), degree(tie.target)))
    this.#simulation = forceSimulation<Body, Tie>()
      .stop()
      .alphaMin(CALM)
      .alphaDecay(0.025)
      .velocityDecay(0.5)
      .force('charge', forceManyBody<Body>().strength(-220).distanceMax(600).theta(1))
      .force('links', this.#links)
      .force('x', forceX<Body>().strength(GRAVITY.x))
      .force('y', forceY<Body>().strength(GRAVITY.y))
      .alpha(0)
  }

  get calm(): boolean {
    return this.#simulation.alpha() < CALM
  }

  body(id: string): Body | undefined {
    return this.#byId.get(id)
  }

  update(ids: readonly string[], connections: readonly Connection[]): void {
    const first = this.bodies.length === 0
    const gone = this.#dropAbsent(ids)
    const fresh = ids.filter(id => !this.#byId.has(id))
    if (fresh.length > 0) this.#place(fresh, connections)
    const peersChanged = gone || fresh.length > 0
    if (peersChanged) {
      this.bodies = ids.map(id => this.#byId.get(id)!)
      this.#simulation.nodes(this.bodies)
    }
    this.#unsettled += this.#tie(connections, peersChanged)
    if (peersChanged) this.#heat(first ? HEAT.first : HEAT.peer)
    // New pairs meet all the time: only when many did is it worth to move everybody.
    else if (this.#unsettled > RESTLESS * this.ties.length) this.#heat(HEAT.connection)
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
    this.#unsettled = 0
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
  #place(fresh: readonly string[], connections: readonly Connection[]): void {
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

  /** Returns how many connections are new or gone. */
  #tie(connections: readonly Connection[], peersChanged: boolean): number {
    const same = connections.length === this.#tieKeys.size && connections.every(({ key }) => this.#tieKeys.has(key))
    if (same && !peersChanged) return 0
    const before = this.#tieKeys
    this.#tieKeys = new Set(connections.map(({ key }) => key))
    this.ties = []
    for (const { key, a, b } of connections) {
      const source = this.#byId.get(a)
      const target = this.#byId.get(b)
      if (source && target && source !== target) this.ties.push({ key, source, target })
    }
    this.#degrees.clear()
    for (const { source, target } of this.ties) {
      for (const end of [source, target]) this.#degrees.set(end, (this.#degrees.get(end) ?? 0) + 1)
    }
    this.#links.links(this.ties)
    const kept = connections.reduce((n, { key }) => n + Number(before.has(key)), 0)
    return this.#tieKeys.size + before.size - 2 * kept
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
