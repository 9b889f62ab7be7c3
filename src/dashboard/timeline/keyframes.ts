import { copySwarm, type Swarm } from './swarm.ts'

/** The swarm as it was after everything up to a position, from where a later moment is reached. */
export interface Keyframe<Position> {
  readonly time: number
  readonly position: Position
  readonly swarm: Swarm
}

/** Snapshots of a run of any length, within a budget of memory: when it is used up, every other one is let go. */
export interface Keyframes<Position> {
  /** Keeps a copy of the swarm if enough was added since the last one. @param weight of what was added since the last call */
  offer(time: number, position: Position, swarm: Swarm, weight: number): void
  /** The latest one at or before a time. */
  before(time: number): Keyframe<Position> | undefined
  first(): Keyframe<Position> | undefined
}

/** Bytes that a peer and an edge cost in a snapshot, about: most of their records differ from one snapshot to the next. */
const PEER_BYTES = 4096
const EDGE_BYTES = 256

const LEAST_KEPT = 4

export interface KeyframesInit<Position> {
  /** Weight between two snapshots, at first: it doubles each time they are thinned. Must be > 0. */
  every: number
  /** Whether the observations after a position are still held: else its snapshot is of no use. */
  usable(position: Position): boolean
  /** Bytes that all snapshots may take, about. @default 96 MiB */
  budget?: number
}

export function keyframes<Position>(init: KeyframesInit<Position>): Keyframes<Position> {
  return new Thinned(init.every, init.budget ?? 96 * 2 ** 20, init.usable)
}

class Thinned<Position> implements Keyframes<Position> {
  #every: number
  readonly #budget: number
  readonly #usable: (position: Position) => boolean
  #kept: Keyframe<Position>[] = []
  #bytes = 0
  #weight = Number.POSITIVE_INFINITY

  constructor(every: number, budget: number, usable: (position: Position) => boolean) {
    this.#every = every
    this.#budget = budget
    this.#usable = usable
  }

  offer(time: number, position: Position, swarm: Swarm, weight: number): void {
    this.#weight += weight
    if (this.#weight < this.#every) return
    this.#weight = 0
    this.#keep(this.#kept.filter(kept => this.#usable(kept.position)))
    this.#keep([...this.#kept, { time, position, swarm: copySwarm(swarm) }])
    if (this.#bytes <= this.#budget || this.#kept.length <= LEAST_KEPT) return
    this.#keep(this.#kept.filter((_, i) => i % 2 === 0))
    this.#every *= 2
  }

  before(time: number): Keyframe<Position> | undefined {
    return this.#kept.findLast(kept => kept.time <= time && this.#usable(kept.position))
  }

  first(): Keyframe<Position> | undefined {
    return this.#kept.find(({ position }) => this.#usable(position))
  }

  #keep(kept: Keyframe<Position>[]): void {
    this.#kept = kept
    this.#bytes = kept.reduce((sum, { swarm }) => sum + cost(swarm), 0)
  }
}

function cost({ peers, edges }: Swarm): number {
  return peers.size * PEER_BYTES + edges.size * EDGE_BYTES
}
