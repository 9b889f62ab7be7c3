import { addScaled } from '../../core/vector.ts'
import type { PeerId } from '../../network/transport.ts'
import type { Allocate } from './synchronous.ts'

/**
 * Names the state of a peer's public copy: after which of its rounds, 0 being the beginning, and in which of its lives, for a
 * peer that was started again begins anew.
 */
interface CopyVersion {
  incarnation: number
  round: number
}

/**
 * The neighbours' public copies, as they have them themselves to the bit. Both sides of an edge tell each other, along with
 * each difference, which version of their own copy it is to be added to, and which one of the other's they have; so both know
 * at once whether the copy itself has to follow, and no third peer has to know of it.
 */
export interface PublicCopies {
  of(peer: PeerId): Float32Array
  /** What is told to a neighbour along with a difference in this round. */
  notesFor(peer: PeerId, round: number, own: CopyVersion): number[]
  /**
   * Adds a neighbour's difference to its copy: once, however often the same round is tried.
   * @param notes what it told along with the difference
   * @returns whether the copy is up to date now, else `complete` has to follow; and whether the neighbour lacks our own
   */
  advance(
    peer: PeerId,
    round: number,
    difference: Float32Array,
    notes: readonly number[],
    own: CopyVersion,
  ): { upToDate: boolean; lacks: boolean }
  /** Takes the copy to which the last difference was to be added. */
  complete(peer: PeerId, base: Float32Array): void
  /** Forgets the copies of all others; what they took serves new ones. */
  retain(peers: readonly PeerId[]): void
}

export function publicCopies(allocate: Allocate): PublicCopies {
  return new Copies(allocate)
}

interface Copy {
  values: Float32Array
  /** Of the values; `NONE` until the base of the last difference has arrived. */
  version: CopyVersion
  /** Before the last difference, and with it. */
  base: CopyVersion
  after: CopyVersion
}

/** No copy has it: a peer's life begins after 1970. */
const NONE: CopyVersion = { incarnation: 0, round: 0 }

class Copies implements PublicCopies {
  readonly #allocate: Allocate
  readonly #copies = new Map<PeerId, Copy>()
  readonly #free: Float32Array[] = []

  constructor(allocate: Allocate) {
    this.#allocate = allocate
  }

  of(peer: PeerId): Float32Array {
    return this.#copyOf(peer).values
  }

  notesFor(peer: PeerId, round: number, own: CopyVersion): number[] {
    const held = this.#heldBefore(peer, round)
    return [own.incarnation, own.round, held.incarnation, held.round]
  }

  advance(
    peer: PeerId,
    round: number,
    difference: Float32Array,
    notes: readonly number[],
    own: CopyVersion,
  ): { upToDate: boolean; lacks: boolean } {
    const [incarnation = 0, from = 0, theirs = 0, upTo = 0] = notes
    const base = { incarnation, round: from }
    const copy = this.#copyOf(peer)
    const upToDate = equal(this.#heldBefore(peer, round), base)
    if (!upToDate) copy.values.set(difference)
    else if (copy.version.round !== round) addScaled(copy.values, difference, 1)
    copy.base = base
    copy.after = { incarnation, round }
    copy.version = upToDate ? copy.after : NONE
    return { upToDate, lacks: !equal({ incarnation: theirs, round: upTo }, own) }
  }
  complete(peer: PeerId, base: Float32Array): void {
    const copy = this.#copyOf(peer)
    addScaled(copy.values, base, 1)
    copy.version = copy.after
  }

  retain(peers: readonly PeerId[]): void {
    for (const [peer, copy] of this.#copies) {
      if (peers.includes(peer)) continue
      this.#copies.delete(peer)
      this.#free.push(copy.values)
    }
  }

  #copyOf(peer: PeerId): Copy {
    const known = this.#copies.get(peer)
    if (known) return known
    const copy: Copy = { values: this.#free.pop() ?? this.#allocate(), version: NONE, base: NONE, after: NONE }
    this.#copies.set(peer, copy)
    return copy
  }

  /** The version that stood before this round began. */
  #heldBefore(peer: PeerId, round: number): CopyVersion {
    const { version, base } = this.#copyOf(peer)
    return version.round === round ? base : version
  }
}

function equal(a: CopyVersion, b: CopyVersion): boolean {
  return a.incarnation === b.incarnation && a.round === b.round
}
