import { MurmurError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'

/** `iid`: equal chunks of the whole corpus dealt at random. `document`: whole documents dealt at random. */
export type EvenPartitionKind = 'iid' | 'document'

/** `dirichlet`: each class of chunks or images dealt in proportions of its own, see `dealByClass`. */
export type PartitionKind = EvenPartitionKind | 'dirichlet'

/** A stretch of the concatenated corpus, in tokens. */
export interface Segment {
  start: number
  length: number
}

export interface SplitInit {
  /** Names the split: the same stream gives the same split on every peer. It is not advanced. */
  random: Random
  /** Parts that the training units are dealt to. Must be >= 1. */
  partitions: number
  /** Share of the whole held out for validation, in (0, 1). */
  validation: number
}

export interface Split<T> {
  /** Held out; the same for every peer, and for every number of partitions but those that leave hardly enough units. */
  validation: T[]
  /** One per partition. */
  partitions: T[][]
}

/** Largest chunk that `iid` deals, in tokens: some hundred windows, and few enough of their borders. */
const CHUNK = 16 * 1024
/** Chunks that a small corpus is cut into at least, so that its parts come out even. */
const FEWEST_CHUNKS = 512
/** Chunks that a huge corpus is cut into at most, so that the split itself stays small. */
const MOST_CHUNKS = 1 << 20

/**
 * Cuts documents laid end to end into a validation set and training partitions. Pure: every peer computes all of it
 * from the documents' sizes and the run's seed, and takes its own part.
 * @throws MurmurError `CORPUS_TOO_SMALL` when a part would be empty
 */
export function splitText(sizes: readonly number[], kind: EvenPartitionKind, init: SplitInit): Split<Segment> {
  const units = kind === 'document' ? wholeDocuments(sizes) : chunks(sizes)
  const split = dealUnits(
    units.map(unit => unit.length),
    kind === 'document' ? 'documents' : 'tokens',
    init,
  )
  const segments = (indexes: number[]) => joinAdjacent(indexes.map(index => units[index]!))
  return { validation: segments(split.validation), partitions: split.partitions.map(segments) }
}

/**
 * Deals units of given sizes, in a random order: first to validation as long as they fit its share, then each to the
 * partition that has least so far. Partitions therefore differ by at most the largest unit.
 * @returns indexes of units, ascending
 * @throws MurmurError `CORPUS_TOO_SMALL` when there are fewer units than parts
 */
export function dealUnits(sizes: readonly number[], unit: string, init: SplitInit): Split<number> {
  const { validation, rest } = holdOutUnits(sizes, unit, init)
  const partitions = Array.from({ length: init.partitions }, (): number[] => [])
  const filled = new Float64Array(init.partitions)
  for (const index of rest) {
    let least = 0
    for (let i = 1; i < filled.length; i++) if (filled[i]! < filled[least]!) least = i
    partitions[least]!.push(index)
    filled[least]! += sizes[index]!
  }
  return { validation, partitions: partitions.map(ascending) }
}

/**
 * What is not dealt, ascending, and the rest in a random order: the same ones however they are dealt then, so that the
 * validation losses of iid and other partitions compare.
 * @throws MurmurError `CORPUS_TOO_SMALL` when there are fewer units than parts
 */
export function holdOutUnits(
  sizes: readonly number[],
  unit: string,
  init: SplitInit,
): { validation: number[]; rest: number[] } {
  if (sizes.length < init.partitions + 1) throw tooFewUnits(sizes.length, unit, init.partitions)
  const order = init.random.fork('split').shuffle(sizes.map((_, index) => index))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const most = Math.min(Math.ceil(sizes.length * init.validation), sizes.length - init.partitions)
  const held = holdOut(order, sizes, most, total * init.validation)
  return { validation: ascending([...held]), rest: order.filter(index => !held.has(index)) }
}

export function ascending(indexes: number[]): number[] {
  return indexes.sort((a, b) => a - b)
}

/**
 * At most `most` units, of `target` altogether, in the given order; the smallest one where none fits. Without the limit
 * on their number, every small document would be held out of a corpus that has one huge one.
 */
function holdOut(order: readonly number[], sizes: readonly number[], most: number, target: number): Set<number> {
  const held = new Set<number>()
  let sum = 0
  for (const index of order) {
    if (held.size === most) break
    if (sum + sizes[index]! > target) continue
    held.add(index)
    sum += sizes[index]!
  }
  if (held.size === 0) held.add(order.reduce((best, index) => (sizes[index]! < sizes[best]! ? index : best)))
  return held
}

function wholeDocuments(sizes: readonly number[]): Segment[] {
  let start = 0
  return sizes.map(length => {
    start += length
    return { start: start - length, length }
  })
}

/** The corpus in equal pieces, the last one shorter. They know no borders of documents. */
export function chunks(sizes: readonly number[]): Segment[] {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const even = Math.min(CHUNK, Math.max(1, Math.floor(total / FEWEST_CHUNKS)))
  const length = Math.max(even, Math.ceil(total / MOST_CHUNKS))
  const count = Math.ceil(total / length)
  return Array.from({ length: count }, (_, i) => ({
    start: i * length,
    length: Math.min(length, total - i * length),
  }))
}

export function joinAdjacent(segments: readonly Segment[]): Segment[] {
  const joined: Segment[] = []
  for (const { start, length } of segments) {
    const last = joined.at(-1)
    if (last && last.start + last.length === start) last.length += length
    else joined.push({ start, length })
  }
  return joined
}

function tooFewUnits(count: number, unit: string, partitions: number): MurmurError {
  return new MurmurError({
    code: 'CORPUS_TOO_SMALL',
    message: `The data has ${count} ${unit}: expected more than ${partitions}, for ${partitions} partitions and a validation split`,
    details: { count, unit, partitions },
  })
}
