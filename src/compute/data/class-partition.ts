import { dirichlet } from '../../core/dirichlet.ts'
import { MurmurError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import { indexAt, startsOf } from './corpus.ts'
import { ascending, chunks, holdOutUnits, joinAdjacent, type Segment, type Split, type SplitInit } from './partition.ts'

/** Concentration where nobody names one: that of many comparisons of non-iid training. */
export const DEFAULT_ALPHA = 0.1

export interface ClassSplitInit extends SplitInit {
  /** Concentration: small for partitions of few classes, large for nearly iid ones. Must be > 0. */
  alpha: number
  /** What a partition gets at least, in units or tokens, as far as there are enough: so that it fills a batch. */
  least: number
}

export interface ClassSplit<T> extends Split<T> {
  /** Of each partition, the share of its units that is of one class, of the class it has most of. */
  largestClass: number[]
  /** Units that were moved because a partition had been dealt too little. */
  moved: number
}

/** What is dealt, for messages. */
export interface UnitNames {
  /** In the plural. */
  units: string
  /** What tells classes apart, in the plural. */
  classes: string
}

/**
 * As `dealByClass`, for the chunks that `iid` would deal. A chunk is of the class of the document in its middle.
 * @param sizes of the documents, in tokens
 * @param classes of the documents
 * @throws MurmurError `CORPUS_TOO_SMALL`
 */
export function splitTextByClass(
  sizes: readonly number[],
  classes: readonly string[],
  init: ClassSplitInit,
): ClassSplit<Segment> {
  const units = chunks(sizes)
  const starts = startsOf(sizes)
  const least = Math.ceil(init.least / (units[0]?.length ?? 1))
  const split = dealByClass(
    units.map(unit => unit.length),
    units.map(unit => classes[indexAt(starts, unit.start + Math.floor(unit.length / 2))]!),
    { units: 'chunks of text', classes: 'folders or documents' },
    { ...init, least },
  )
  const segments = (indexes: number[]) => joinAdjacent(indexes.map(index => units[index]!))
  return { ...split, validation: segments(split.validation), partitions: split.partitions.map(segments) }
}

/**
 * Holds out what `iid` holds out, and deals the other units of every class c in proportions p_c ~ Dirichlet(alpha) over
 * the partitions (Li et al. 2022, arXiv:2102.02079, after Hsu et al. 2019, arXiv:1909.06335, who draw proportions of
 * classes for each partition). A partition's share of a class is p_c to within a unit. Sizes differ, too. A partition with
 * fewer than `least` units then gets random ones of the largest partition, until it has as many.
 * @param sizes of the units, about equal
 * @param classes of the units. A class's proportions depend on its name and the seed alone.
 * @returns indexes of units, ascending
 * @throws MurmurError `CORPUS_TOO_SMALL` when there are fewer units than parts, or all are of one class
 */
export function dealByClass(
  sizes: readonly number[],
  classes: readonly string[],
  names: UnitNames,
  init: ClassSplitInit,
): ClassSplit<number> {
  const { validation, rest } = holdOutUnits(sizes, names.units, init)
  if (new Set(classes).size < 2) throw oneClass(names)
  const stream = init.random.fork('dirichlet')
  const partitions = Array.from({ length: init.partitions }, (): number[] => [])
  for (const [name, members] of Map.groupBy(rest, index => classes[index]!)) {
    deal(members, partitions, init.alpha, stream.fork('class').fork(name))
  }
  const least = Math.min(init.least, Math.floor(rest.length / init.partitions))
  const moved = topUp(partitions, least, stream.fork('top-up'))
  return {
    validation,
    partitions: partitions.map(ascending),
    largestClass: partitions.map(part => largestShare(part.map(index => classes[index]!))),
    moved,
  }
}

/**
 * Lays the members along [0, 1) and gives each to the partition whose stretch it lies in. The random offset makes the
 * shares right on average even for a class of a single unit.
 */
function deal(members: readonly number[], partitions: readonly number[][], alpha: number, stream: Random): void {
  const proportions = dirichlet(stream, alpha, partitions.length)
  const offset = stream.next()
  let owner = 0
  let end = proportions[0]!
  for (const [i, member] of members.entries()) {
    const position = (i + offset) / members.length
    while (position >= end && owner < partitions.length - 1) end += proportions[++owner]!
    partitions[owner]!.push(member)
  }
}

/** There is always a partition with more than `least`: together they have at least `least` each. */
function topUp(partitions: readonly number[][], least: number, stream: Random): number {
  let moved = 0
  for (const poor of partitions) {
    for (; poor.length < least; moved++) {
      const rich = partitions.reduce((most, part) => (part.length > most.length ? part : most))
      const last = rich.pop()!
      const at = stream.integer(rich.length + 1)
      poor.push(rich[at] ?? last)
      if (at < rich.length) rich[at] = last
    }
  }
  return moved
}

function largestShare(classes: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const name of classes) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts.values().reduce((most, count) => Math.max(most, count)) / classes.length
}

function oneClass({ units, classes }: UnitNames): MurmurError {
  return new MurmurError({
    code: 'CORPUS_TOO_SMALL',
    message: `A dirichlet partition deals ${units} by their ${classes}, and all are of one: expected at least two; data.partition iid needs no classes`,
    details: { classes: 1, expected: 2 },
  })
}
