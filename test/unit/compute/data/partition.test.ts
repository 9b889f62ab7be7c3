import test from 'ava'
import { dealUnits, type Segment, splitText } from '../../../../src/compute/data/partition.ts'
import { MurmurError } from '../../../../src/core/errors.ts'
import { random } from '../../../../src/core/random.ts'

const lengthOf = (segments: Segment[]) => segments.reduce((sum, segment) => sum + segment.length, 0)

/** Corpora of all shapes: many small documents, few large ones, one. */
const cases = Array.from({ length: 60 }, (_, seed) => {
  const dice = random(`case-${seed}`)
  const partitions = 1 + dice.integer(6)
  const kind = seed % 2 === 0 ? ('iid' as const) : ('document' as const)
  const fewest = kind === 'document' ? partitions + 1 : 1
  const sizes = Array.from({ length: fewest + dice.integer(40) }, () => 20 + dice.integer(10 ** (1 + dice.integer(5))))
  return { seed, partitions, kind, sizes, validation: 0.01 + 0.4 * dice.next() }
})

test('parts are disjoint and complete', t => {
  for (const { seed, kind, sizes, ...init } of cases) {
    const { validation, partitions } = splitText(sizes, kind, { random: random(seed), ...init })
    t.is(partitions.length, init.partitions)
    const ordered = [validation, ...partitions].flat().toSorted((a, b) => a.start - b.start)
    let end = 0
    for (const segment of ordered) {
      t.is(segment.start, end)
      end += segment.length
    }
    t.is(
      end,
      sizes.reduce((sum, size) => sum + size, 0),
    )
    t.true([validation, ...partitions].every(part => lengthOf(part) > 0))
  }
})

test('partitions differ by at most the largest unit, and iid ones by a chunk', t => {
  for (const { seed, kind, sizes, ...init } of cases) {
    const { partitions } = splitText(sizes, kind, { random: random(seed), ...init })
    const lengths = partitions.map(lengthOf)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const unit = kind === 'document' ? Math.max(...sizes) : Math.max(1, Math.min(16_384, Math.floor(total / 512)))
    t.true(Math.max(...lengths) - Math.min(...lengths) <= unit, `${kind} ${lengths} ${unit}`)
  }
})

test('validation has its share: never more than a unit away for iid, and the same for any number of partitions', t => {
  for (const { seed, sizes, validation } of cases) {
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const splits = [1, 2, 5].map(partitions =>
      splitText(sizes, 'iid', { random: random(seed), partitions, validation }),
    )
    const chunk = Math.max(1, Math.min(16_384, Math.floor(total / 512)))
    t.true(Math.abs(lengthOf(splits[0]!.validation) - total * validation) <= chunk)
    for (const split of splits) t.deepEqual(split.validation, splits[0]!.validation)
  }
})

test('documents stay whole', t => {
  const sizes = [10, 2000, 3, 500, 70, 8000]
  const starts = new Set([0, 10, 2010, 2013, 2513, 2583, 10_583])
  const { validation, partitions } = splitText(sizes, 'document', { random: random(3), partitions: 3, validation: 0.1 })
  for (const { start, length } of [validation, ...partitions].flat()) {
    t.true(starts.has(start) && starts.has(start + length))
  }
})

test('where no document fits the share of validation, the smallest is held out', t => {
  for (let seed = 0; seed < 10; seed++) {
    const init = { random: random(seed), partitions: 2, validation: 0.01 }
    t.deepEqual(splitText([1000, 800, 900], 'document', init).validation, [{ start: 1000, length: 800 }])
  }
})

test('the seed alone decides, and does', t => {
  const split = (seed: number) =>
    splitText([100_000, 50_000], 'iid', { random: random(seed), partitions: 4, validation: 0.1 })
  t.deepEqual(split(1), split(1))
  t.notDeepEqual(split(1).validation, split(2).validation)
  t.notDeepEqual(split(1).partitions, split(2).partitions)
})

test('units are dealt in equal numbers when they are of equal size', t => {
  const { validation, partitions } = dealUnits(new Array(1000).fill(1), 'images', {
    random: random(0),
    partitions: 7,
    validation: 0.1,
  })
  t.is(validation.length, 100)
  t.deepEqual(new Set(partitions.map(part => part.length)), new Set([129, 128]))
})

test('fewer units than parts is one clear line', t => {
  for (const sizes of [[100, 100, 100], [1]]) {
    const split = () => splitText(sizes, 'document', { random: random(0), partitions: 3, validation: 0.1 })
    const error = t.throws(split, { instanceOf: MurmurError, message: /documents: expected more than 3/ })
    t.is(error.code, 'CORPUS_TOO_SMALL')
  }
})
