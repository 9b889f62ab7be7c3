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
  /** What is told to a neighbour along with a difference. */
  notesFor(peer: PeerId, own: CopyVersion): number[]
  /**
   * Adds a neighbour's difference to its copy.
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
  /** Of the values; `NONE` until that to which the last difference is to be added has arrived. */
  version: CopyVersion
  /** With the last difference. */
  next: CopyVersion
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

  notesFor(peer: PeerId, own: CopyVersion): number[] {
    const held = this.#copyOf(peer).version
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
    const copy = this.#copyOf(peer)
    const upToDate = equal(copy.version, { incarnation, round: from })
    if (upToDate) addScaled(copy.values, difference, 1)
    else copy.values.set(difference)
    copy.next = { incarnation, round }
    copy.version = upToDate ? copy.next : NONE
    return { upToDate, lacks: !equal({ incarnation: theirs, round: upTo }, own) }
  }
  complete(peer: PeerId, base: Float32Array): void {
    const copy = this.#copyOf(peer)
    addScaled(copy.values, base, 1)
    copy.version = copy.next
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
    const copy: Copy = { values: this.#free.pop() ?? this.#allocate(), version: NONE, next: NONE }
    this.#copies.set(peer, copy)
    return copy
  }
}

function equal(a: CopyVersion, b: CopyVersion): boolean {
  return a.incarnation === b.incarnation && a.round === b.round
}
