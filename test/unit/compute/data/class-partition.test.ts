import test from 'ava'
import { type ClassSplitInit, dealByClass, splitTextByClass } from '../../../../src/compute/data/class-partition.ts'
import { dealUnits, type Segment, splitText } from '../../../../src/compute/data/partition.ts'
import { MurmurError } from '../../../../src/core/errors.ts'
import { random } from '../../../../src/core/random.ts'

const names = { units: 'images', classes: 'labels' }
const lengthOf = (segments: Segment[]) => segments.reduce((sum, segment) => sum + segment.length, 0)
const ones = (count: number) => new Array<number>(count).fill(1)
const labels = (count: number, classes = 10) => Array.from({ length: count }, (_, i) => String(i % classes))

function deal(count: number, init: Partial<ClassSplitInit> & { seed?: number } = {}) {
  const { seed = 0, ...rest } = init
  return dealByClass(ones(count), labels(count), names, {
    random: random(seed),
    partitions: 5,
    validation: 0.1,
    alpha: 0.1,
    least: 1,
    ...rest,
  })
}

/** [partition][class] */
function countsOf(partitions: readonly number[][], classes = 10): number[][] {
  return partitions.map(part => Array.from({ length: classes }, (_, c) => part.filter(i => i % classes === c).length))
}

/** Sizes, numbers of partitions and alphas of all kinds. */
const cases = Array.from({ length: 40 }, (_, seed) => {
  const dice = random(`case-${seed}`)
  const partitions = 1 + dice.integer(12)
  const least = 1 + dice.integer(40)
  const count = partitions + 2 + dice.integer(10 ** (1 + dice.integer(4)))
  return { seed, partitions, least, count, alpha: 10 ** (dice.integer(6) - 3), validation: 0.01 + 0.4 * dice.next() }
})

test('parts are disjoint, complete and ascending, and none has less than its least or its even share', t => {
  for (const { count, ...init } of cases) {
    const { validation, partitions } = deal(count, init)
    const parts = [validation, ...partitions]
    t.deepEqual(
      parts.flat().toSorted((a, b) => a - b),
      Array.from({ length: count }, (_, i) => i),
    )
    for (const part of parts) t.true(part.every((index, i) => i === 0 || index > part[i - 1]!))
    const even = Math.floor((count - validation.length) / init.partitions)
    t.true(even >= 1 && partitions.every(part => part.length >= Math.min(init.least, even)))
  }
})

test('the seed alone decides, and does', t => {
  t.deepEqual(deal(1000), deal(1000))
  t.notDeepEqual(deal(1000).partitions, deal(1000, { seed: 1 }).partitions)
})

test('what is held out is what iid holds out', t => {
  for (const { seed, count, ...init } of cases) {
    const iid = dealUnits(ones(count), 'images', { random: random(seed), ...init })
    t.deepEqual(deal(count, { seed, ...init }).validation, iid.validation)
  }
})

test("a class's proportions do not depend on the other classes", t => {
  const classes = labels(1000)
  const others = classes.map(name => (name === '3' ? name : 'other'))
  const init = { random: random(0), partitions: 5, validation: 0.1, alpha: 0.5, least: 1 }
  const [all, two] = [classes, others].map(given => dealByClass(ones(1000), given, names, init))
  const third = (split: typeof all) => countsOf(split!.partitions).map(counts => counts[3])
  t.is(all!.moved + two!.moved, 0)
  t.deepEqual(third(all), third(two))
})

test('a large alpha approaches the shares of iid', t => {
  const { partitions, largestClass, moved } = deal(20_000, { alpha: 1e6 })
  t.is(moved, 0)
  // 18,000 units over five partitions and ten classes: 360 of each, and 3,600 altogether.
  for (const counts of countsOf(partitions)) for (const count of counts) t.true(Math.abs(count - 360) < 36, `${count}`)
  for (const part of partitions) t.true(Math.abs(part.length - 3600) < 36, `${part.length}`)
  for (const share of largestClass) t.true(Math.abs(share - 0.1) < 0.01)
})

test('alpha 0.01 gives nearly every class to one partition', t => {
  const shares = Array.from({ length: 20 }, (_, seed) => {
    const counts = countsOf(deal(2000, { seed, alpha: 0.01 }).partitions)
    return Array.from({ length: 10 }, (_, c) => {
      const column = counts.map(row => row[c]!)
      return Math.max(...column) / column.reduce((sum, count) => sum + count, 0)
    })
  }).flat()
  // The largest of five proportions is 0.97 on average, 0.81 for alpha 0.1. Of 200, the mean is within 0.006 of it.
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  t.true(Math.abs(mean - 0.97) < 0.02, `${mean}`)
  t.true(shares.filter(share => share > 0.95).length > 160)
})

test('on average a partition has its even share, for many units of a class and for one', t => {
  for (const [classes, alpha] of [
    [10, 0.1],
    [500, 0.1],
    [500, 1e6],
  ] as const) {
    const totals = ones(5).fill(0)
    for (let seed = 0; seed < 200; seed++) {
      const { partitions } = dealByClass(ones(500), labels(500, classes), names, {
        random: random(seed),
        partitions: 5,
        validation: 0.1,
        alpha,
        least: 1,
      })
      for (const [i, part] of partitions.entries()) totals[i]! += part.length
    }
    // 450 units times 200 draws, over five. The widest spread is that of ten classes and a small alpha.
    for (const total of totals) t.true(Math.abs(total / 18_000 - 1) < 0.15, `${classes} ${alpha}: ${totals}`)
  }
})

test('partitions dealt too little are filled from the largest, and that is said', t => {
  // With alpha 0.001 hardly more than ten of fifty partitions get anything of ten classes.
  const { partitions, moved } = deal(5000, { partitions: 50, alpha: 0.001, least: 32 })
  const sizes = partitions.map(part => part.length)
  t.is(Math.min(...sizes), 32)
  t.true(moved >= 35 * 32, `${moved}`)
  t.true(sizes.filter(size => size === 32).length >= 35)
  t.is(deal(5000, { alpha: 100, least: 32 }).moved, 0)
})

test('what is moved is of all the classes of the largest partition', t => {
  const init = { partitions: 2, alpha: 1e-6 }
  const dealt = countsOf(deal(5000, init).partitions)
  const evened = countsOf(deal(5000, { ...init, least: 5000 }).partitions)
  t.deepEqual(
    evened.map(counts => counts.reduce((sum, count) => sum + count, 0)),
    [2250, 2250],
  )
  const poor = dealt[0]!.filter(count => count > 0).length < 5 ? 0 : 1
  t.true(dealt[poor]!.some(count => count === 0))
  t.true(
    evened[poor]!.every(count => count > 0),
    `${evened}`,
  )
  t.true(evened[1 - poor]!.filter((_, c) => dealt[1 - poor]![c]! > 0).every(count => count > 0))
})

test('the largest class of a partition is told as a share', t => {
  const { partitions, largestClass } = deal(3000, { alpha: 0.3 })
  for (const [i, counts] of countsOf(partitions).entries()) {
    t.is(largestClass[i], Math.max(...counts) / partitions[i]!.length)
  }
})

test('a partition alone gets everything', t => {
  const { partitions, largestClass } = deal(1000, { partitions: 1, alpha: 0.01 })
  t.is(partitions[0]!.length, 900)
  t.true(largestClass[0]! < 0.12)
})

test('text is dealt in the chunks of iid, by the class of the document in their middle', t => {
  const sizes = [200_000, 100_000, 150_000, 50_000]
  const classes = ['a', 'b', 'a', 'c']
  const init = { random: random(5), partitions: 3, validation: 0.1 }
  const split = splitTextByClass(sizes, classes, { ...init, alpha: 0.01, least: 2000 })
  t.deepEqual(split.validation, splitText(sizes, 'iid', init).validation)
  const ordered = [split.validation, ...split.partitions].flat().toSorted((a, b) => a.start - b.start)
  let end = 0
  for (const { start, length } of ordered) {
    t.is(start, end)
    end += length
  }
  t.is(end, 500_000)
  t.true(split.partitions.every(part => lengthOf(part) >= 2000))
  const bounds = [200_000, 300_000, 450_000, 500_000]
  const classAt = (token: number) => classes[bounds.findIndex(bound => token < bound)]!
  // Chunks are of 976 tokens. What is counted token by token differs by the few chunks across borders.
  for (const [i, part] of split.partitions.entries()) {
    const counts = { a: 0, b: 0, c: 0 } as Record<string, number>
    for (const { start, length } of part) for (let at = 0; at < length; at++) counts[classAt(start + at)]!++
    const share = Math.max(...Object.values(counts)) / lengthOf(part)
    t.true(Math.abs(share - split.largestClass[i]!) < 0.05, `${share} ${split.largestClass[i]}`)
  }
})

test('a class without the middle of any chunk has none', t => {
  // Chunks of 10 tokens.
  const split = (first: number) => () =>
    splitTextByClass([first, 5120 - first], ['a', 'b'], {
      random: random(0),
      partitions: 3,
      validation: 0.1,
      alpha: 1,
      least: 1,
    })
  t.notThrows(split(6))
  t.throws(split(5), { instanceOf: MurmurError, message: /all are of one/ })
})

test('one class, and fewer units than parts, are one clear line', t => {
  const init = { random: random(0), partitions: 3, validation: 0.1, alpha: 0.1, least: 1 }
  const one = t.throws(() => splitTextByClass([5000], ['a'], init), {
    instanceOf: MurmurError,
    message: /deals chunks of text by their folders or documents, and all are of one: expected at least two/,
  })
  t.is(one.code, 'CORPUS_TOO_SMALL')
  const few = t.throws(() => dealByClass(ones(3), labels(3), names, init), {
    instanceOf: MurmurError,
    message: /3 images: expected more than 3/,
  })
  t.is(few.code, 'CORPUS_TOO_SMALL')
})
