import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { openTokenizer } from '../../../../src/compute/data/open-tokenizer.ts'
import {
  type ImageDataConfig,
  type OpenDataInit,
  openData,
  type TextDataConfig,
} from '../../../../src/compute/data/source.ts'
import type { Batch } from '../../../../src/compute/engine/engine.ts'
import { type ErrorCode, MurmurError } from '../../../../src/core/errors.ts'
import { random } from '../../../../src/core/random.ts'

const init: OpenDataInit = {
  directory: '/',
  batchSize: 4,
  context: 16,
  partition: { index: 0, count: 3 },
  seed: 7,
  validationBatches: 2,
  cache: { directory: join(tmpdir(), 'murmur-test-cache') },
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'murmur-data-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

/** Text in which every 4-byte word occurs once, so that a window tells where it is from. */
function writeText(path: string, name: string, words: number): void {
  const bytes = Buffer.alloc(words * 4)
  for (let i = 0; i < words; i++) bytes.writeUInt32BE(i, i * 4)
  writeFileSync(join(path, name), bytes)
}

function text(path: string, partial: Partial<TextDataConfig> = {}): TextDataConfig {
  return { kind: 'text', paths: [path], partition: 'iid', validation: 0.1, ...partial }
}

const common = (one: Set<unknown>, other: Set<unknown>) => [...one].filter(item => other.has(item)).length
const copy = (batch: Batch) => structuredClone(batch)

test('a target is the token after its input, and windows come from the text', async t => {
  const path = folder(t)
  const letters = Array.from({ length: 6000 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')
  writeFileSync(join(path, 'abc.txt'), letters)
  const data = await openData(text(path, { validation: 0.5 }), { ...init, partition: { index: 0, count: 1 } })
  t.teardown(() => data.train.close())
  for (const batch of [...data.validation, data.train.next()]) {
    const { inputs, targets } = batch as Record<'inputs' | 'targets', Int32Array>
    t.true(inputs instanceof Int32Array && inputs.length === 64 && targets.length === 64)
    for (let i = 0; i + 1 < 64; i++) if ((i + 1) % 16 !== 0) t.is(targets[i], inputs[i + 1])
    t.true(inputs.every(token => token >= 97 && token < 123))
  }
})

test('peers read disjoint text, and none of the validation set', async t => {
  const path = folder(t)
  writeText(path, 'words', 50_000)
  const wordsOf = (batch: Batch) => {
    const { inputs } = batch as { inputs: Int32Array }
    return Array.from({ length: 4 }, (_, row) => [...inputs.subarray(row * 16, row * 16 + 16)].join())
  }
  const seen: Set<string>[] = []
  for (const index of [0, 1, 2]) {
    const data = await openData(text(path), { ...init, partition: { index, count: 3 } })
    t.teardown(() => data.train.close())
    seen.push(new Set(Array.from({ length: 500 }, () => wordsOf(data.train.next())).flat()))
  }
  const validation = new Set((await openData(text(path), init)).validation.flatMap(wordsOf))
  for (const [i, one] of seen.entries()) {
    t.true(one.size > 1000)
    for (const other of [validation, ...seen.slice(i + 1)]) t.is(common(one, other), 0)
  }
})

test('every peer evaluates the same validation set, and its windows differ', async t => {
  const path = folder(t)
  writeText(path, 'words', 5000)
  const open = (index: number) =>
    openData(text(path), { ...init, partition: { index, count: 3 }, stream: `peer-${index}` })
  const { validation } = await open(0)
  t.deepEqual(validation, (await open(2)).validation)
  t.is(validation.length, 2)
  t.notDeepEqual(validation[0], validation[1])
})

test('a batch source goes on bit by bit where it was saved', async t => {
  const path = folder(t)
  writeText(path, 'words', 5000)
  const { train } = await openData(text(path), init)
  train.next()
  const state = train.save()
  const ahead = [1, 2, 3].map(() => copy(train.next()))
  const { train: later } = await openData(text(path), init)
  later.restore(state)
  t.deepEqual(
    [1, 2, 3].map(() => copy(later.next())),
    ahead,
  )
  t.notDeepEqual(ahead[0], ahead[1])
})

test('the arrays of a batch are used again', async t => {
  const path = folder(t)
  writeText(path, 'words', 5000)
  const { train } = await openData(text(path), init)
  t.is(train.next().inputs, train.next().inputs)
})

test('peers that share a partition read it in different orders', async t => {
  const path = folder(t)
  writeText(path, 'words', 5000)
  const first = async (stream: string) => copy((await openData(text(path), { ...init, stream })).train.next())
  t.deepEqual(await first('a'), await first('a'))
  t.notDeepEqual(await first('a'), await first('b'))
})

test('the default corpus opens, and equal data have equal fingerprints', async t => {
  const { train, describe } = await openData(text('', { paths: [] }), init)
  t.teardown(() => train.close())
  train.next()
  const description = describe()
  t.true(description.kind === 'text' && description.vocabulary === 256)
  t.regex(description.summary, /^default corpus: \d+ documents, \d+ bytes; partition 1 of 3 by iid, \d+ tokens$/)
  const again = await openData(text('', { paths: [] }), { ...init, partition: { index: 2, count: 3 } })
  t.is(again.describe().fingerprint, description.fingerprint)
})

test('too little text for a window in each part is one clear line', async t => {
  const path = folder(t)
  writeFileSync(join(path, 'tiny.txt'), 'x'.repeat(100))
  const error = await t.throwsAsync(() => openData(text(path), init), { instanceOf: MurmurError })
  t.is(error.code, 'CORPUS_TOO_SMALL')
  t.regex(error.message, /^The corpus has 100 tokens.*expected at least 17 in each, for windows of 16 tokens$/)
})

test('a partition that is not one of them is refused', async t => {
  const path = folder(t)
  writeText(path, 'words', 5000)
  for (const partition of [
    { index: 3, count: 3 },
    { index: -1, count: 3 },
    { index: 0, count: 0 },
  ]) {
    const error = await t.throwsAsync(() => openData(text(path), { ...init, partition }), { instanceOf: MurmurError })
    t.is(error.code, 'USAGE')
  }
})

const COUNT = 200
const images: ImageDataConfig = { kind: 'images', images: 'images.gz', labels: 'labels', validation: 0.1 }

/** Image i has its own number in its first two pixels, and label i mod 10. */
function writeImages(path: string, change: (files: { images: Buffer; labels: Buffer }) => void = () => {}): void {
  const files = { images: Buffer.alloc(16 + COUNT * 6, 255), labels: Buffer.alloc(8 + COUNT) }
  for (const [i, word] of [0x803, COUNT, 2, 3].entries()) files.images.writeUInt32BE(word, i * 4)
  for (const [i, word] of [0x801, COUNT].entries()) files.labels.writeUInt32BE(word, i * 4)
  for (let i = 0; i < COUNT; i++) {
    files.images.writeUInt16BE(i, 16 + i * 6)
    files.labels[8 + i] = i % 10
  }
  change(files)
  writeFileSync(join(path, 'images.gz'), gzipSync(files.images))
  writeFileSync(join(path, 'labels'), files.labels)
}

const numberOf = (pixels: Float32Array, row: number) =>
  Math.round(pixels[row * 6]! * 255) * 256 + Math.round(pixels[row * 6 + 1]! * 255)

test('images come with their labels, in [0, 1], from disjoint parts', async t => {
  const directory = folder(t)
  writeImages(directory)
  const open = (index: number) => openData(images, { ...init, directory, partition: { index, count: 3 } })
  const numbersOf = (batches: readonly Batch[]) =>
    new Set(
      batches.flatMap(batch => {
        const { inputs, targets } = batch as { inputs: Float32Array; targets: Int32Array }
        t.is(inputs.length, 24)
        t.true(inputs.every(pixel => pixel >= 0 && pixel <= 1))
        return Array.from(targets, (target, row) => {
          t.is(target, numberOf(inputs, row) % 10)
          return numberOf(inputs, row)
        })
      }),
    )
  const [first, second, third] = [await open(0), await open(1), await open(2)]
  const parts = [first, second, third].map(({ train }) =>
    numbersOf(Array.from({ length: 200 }, () => copy(train.next()))),
  )
  const validation = numbersOf(first.validation)
  t.is(
    parts.reduce((sum, part) => sum + part.size, 0),
    180,
  )
  t.is(new Set(parts.flatMap(part => [...part])).size, 180)
  t.true(parts.every(part => common(part, validation) === 0))
  t.like(second.describe(), { kind: 'images', inputs: 6, classes: 10, trainExamples: 60, validationExamples: 20 })
  t.deepEqual(first.validation, third.validation)
})

test('an image source goes on bit by bit where it was saved', async t => {
  const directory = folder(t)
  writeImages(directory)
  const { train } = await openData(images, { ...init, directory })
  const state = train.save()
  const ahead = copy(train.next())
  train.next()
  train.restore(state)
  t.deepEqual(copy(train.next()), ahead)
})

test('a dirichlet partition of images: other classes and sizes, batches of what was dealt, the validation set of iid', async t => {
  const directory = folder(t)
  writeImages(directory)
  const open = (index: number, config: ImageDataConfig = { ...images, partition: 'dirichlet', alpha: 0.05 }) =>
    openData(config, { ...init, directory, partition: { index, count: 3 } })
  const parts = await Promise.all([0, 1, 2].map(index => open(index)))
  const read = parts.map(({ train }) => {
    const batches = Array.from({ length: 300 }, () => copy(train.next()) as { inputs: Float32Array })
    return new Set(batches.flatMap(({ inputs }) => [0, 1, 2, 3].map(row => numberOf(inputs, row))))
  })
  t.is(new Set(read.flatMap(part => [...part])).size, 180)
  for (const [i, part] of read.entries()) {
    const description = parts[i]!.describe()
    if (description.kind !== 'images') return t.fail()
    t.is(description.trainExamples, part.size)
    t.is(description.classes, 10)
    const counts = Array.from({ length: 10 }, (_, c) => [...part].filter(number => number % 10 === c).length)
    const share = Math.round((100 * Math.max(...counts)) / part.size)
    t.is(
      description.summary,
      `200 images of 6 pixels, 10 classes; partition ${i + 1} of 3, ${part.size} images; dirichlet 0.05: largest class ${share}% of this partition`,
    )
  }
  const sizes = read.map(part => part.size)
  t.true(Math.max(...sizes) > 1.3 * Math.min(...sizes), `${sizes}`)
  t.deepEqual(parts[0]!.validation, (await open(0, images)).validation)
  t.deepEqual(parts[0]!.validation, parts[2]!.validation)
})

test('a partition of too few images for a batch is filled up, which its line says', async t => {
  const directory = folder(t)
  writeImages(directory)
  const config: ImageDataConfig = { ...images, partition: 'dirichlet', alpha: 0.001 }
  const open = (index: number) =>
    openData(config, { ...init, directory, batchSize: 8, partition: { index, count: 15 } })
  const parts = await Promise.all(Array.from({ length: 15 }, (_, index) => open(index)))
  const descriptions = parts.map(part => part.describe())
  t.is(Math.min(...descriptions.map(part => (part.kind === 'images' ? part.trainExamples : 0))), 8)
  for (const { summary } of descriptions) t.regex(summary, /, \d+ images moved to partitions with less than a batch$/)
})

test('a dirichlet partition goes on bit by bit where it was saved, and is the same when it is opened again', async t => {
  const directory = folder(t)
  writeImages(directory)
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(join(directory, 'text', name), { recursive: true })
    writeText(join(directory, 'text'), `${name}/words`, 3000)
  }
  for (const config of [
    { ...images, partition: 'dirichlet' as const },
    text(join(directory, 'text'), { partition: 'dirichlet' }),
  ]) {
    const { train } = await openData(config, { ...init, directory })
    train.next()
    const state = train.save()
    const ahead = [1, 2, 3].map(() => copy(train.next()))
    train.close()
    const { train: later } = await openData(config, { ...init, directory })
    later.restore(state)
    t.deepEqual(
      [1, 2, 3].map(() => copy(later.next())),
      ahead,
    )
    later.close()
  }
})

test('a dirichlet partition of text takes folders for classes', async t => {
  const path = folder(t)
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) {
    mkdirSync(join(path, name))
    for (const document of [1, 2, 3]) writeFileSync(join(path, name, `${document}`), Buffer.alloc(20_000, 97 + i))
  }
  const config = text(path, { partition: 'dirichlet', alpha: 0.05 })
  let trained = 0
  for (const index of [0, 1, 2]) {
    const { train, describe } = await openData(config, { ...init, partition: { index, count: 3 } })
    t.teardown(() => train.close())
    const description = describe()
    if (description.kind !== 'text') return t.fail()
    trained += description.trainTokens
    const [, share] = /tokens; dirichlet 0\.05: largest class (\d+)% of this partition$/.exec(description.summary) ?? []
    const letters = Array.from({ length: 400 }, () => [...(train.next().inputs as Int32Array)]).flat()
    const counts = [97, 98, 99, 100].map(letter => letters.filter(read => read === letter).length)
    t.true(Math.abs(Math.max(...counts) / letters.length - Number(share) / 100) < 0.05, `${counts} ${share}`)
  }
  const iid = await openData(text(path), init)
  t.teardown(() => iid.train.close())
  const { validationTokens } = iid.describe() as { validationTokens: number }
  t.is(trained + validationTokens, 240_000)
})

test('a dirichlet partition of a single document is one clear line', async t => {
  const path = folder(t)
  writeText(path, 'words', 5000)
  const error = await t.throwsAsync(() => openData(text(path, { partition: 'dirichlet' }), init), {
    instanceOf: MurmurError,
    message: /chunks of text by their folders or documents, and all are of one.*data\.partition iid/,
  })
  t.is(error.code, 'CORPUS_TOO_SMALL')
  writeText(path, 'more words', 5000)
  const { train, describe } = await openData(text(path, { partition: 'dirichlet' }), init)
  t.regex(describe().summary, /by dirichlet, \d+ tokens; dirichlet 0\.1: largest class \d+% of this partition/)
  train.close()
})

for (const [what, code, message, change] of [
  [
    'another magic number',
    'CORPUS_MISSING',
    /expected an IDX file.*found a header 0x00000d03/,
    f => f.images.writeUInt32BE(0xd03, 0),
  ],
  [
    'another rank',
    'CORPUS_MISSING',
    /in 1 dimensions, found a header 0x00000802/,
    f => f.labels.writeUInt32BE(0x802, 0),
  ],
  [
    'fewer images than it says',
    'CORPUS_TOO_SMALL',
    /cut short: expected 1822 bytes by its header, found 1216/,
    f => f.images.writeUInt32BE(COUNT + 101, 4),
  ],
  [
    'more images than it says',
    'CORPUS_MISSING',
    /expected 1210 bytes by its header, found 1216/,
    f => f.images.writeUInt32BE(COUNT - 1, 4),
  ],
  ['more bytes than there can be', 'CORPUS_TOO_SMALL', /cut short/, f => f.images.fill(0xff, 4, 16)],
  [
    'no bytes',
    'CORPUS_MISSING',
    /found a header 0x$/,
    f => {
      f.labels = Buffer.alloc(0)
    },
  ],
  [
    'half a header',
    'CORPUS_TOO_SMALL',
    /expected 16 bytes by its header, found 10/,
    f => {
      f.images = f.images.subarray(0, 10)
    },
  ],
  [
    'fewer labels than images',
    'CORPUS_MISSING',
    /200 images and .* 199 labels/,
    f => {
      f.labels.writeUInt32BE(199, 4)
      f.labels = f.labels.subarray(0, -1)
    },
  ],
] as [string, ErrorCode, RegExp, (files: { images: Buffer; labels: Buffer }) => void][]) {
  test(`an IDX file with ${what} is refused`, async t => {
    const directory = folder(t)
    writeImages(directory, change)
    const error = await t.throwsAsync(() => openData(images, { ...init, directory }), {
      instanceOf: MurmurError,
      message,
    })
    t.is(error.code, code)
  })
}

test('an absent or broken archive of images is refused', async t => {
  const directory = folder(t)
  const open = () => openData(images, { ...init, directory })
  t.is(
    (await t.throwsAsync(open, { instanceOf: MurmurError, message: /images\.gz.*no such file/ }))?.code,
    'CORPUS_MISSING',
  )
  writeImages(directory)
  writeFileSync(join(directory, 'images.gz'), gzipSync(Buffer.alloc(1000, random(0).save().join())).subarray(0, 20))
  t.is((await t.throwsAsync(open, { instanceOf: MurmurError, message: /images\.gz/ }))?.code, 'CORPUS_MISSING')
})

test('text in other tokens than bytes: cut into windows, parts and documents of tokens', async t => {
  const path = folder(t)
  const cache = { directory: folder(t) }
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    writeFileSync(join(path, name), `${name} the quick brown fox\n`.repeat(200))
  const { encode, decode } = await openTokenizer({ kind: 'gpt2' }, '/')
  for (const partition of ['iid', 'document'] as const) {
    const config = text(path, { tokenizer: { kind: 'gpt2' }, partition })
    const data = await openData(config, { ...init, cache })
    t.teardown(() => data.train.close())
    const description = data.describe()
    if (description.kind !== 'text') return t.fail()
    const whole = ['a', 'b', 'c', 'd', 'e'].flatMap(name => [...encode(`${name} the quick brown fox\n`.repeat(200))])
    t.like(description, { vocabulary: 50_257, documents: 5, bytes: 22_000, tokens: whole.length })
    const parts = await Promise.all(
      [1, 2].map(index => openData(config, { ...init, cache, partition: { index, count: 3 } })),
    )
    const trained = [data, ...parts]
      .map(part => part.describe())
      .map(part => (part.kind === 'text' ? part.trainTokens : 0))
    t.is(
      trained.reduce((sum, tokens) => sum + tokens, description.validationTokens),
      whole.length,
    )
    const { inputs, targets } = data.train.next() as Record<'inputs' | 'targets', Int32Array>
    t.deepEqual(inputs.subarray(1, 16), targets.subarray(0, 15))
    t.regex(decode(inputs.subarray(0, 16)), / the quick| quick brown| brown fox/)
    const [windows] = data.validation as [Record<'targets', Int32Array>]
    t.true(
      Math.abs(description.bytesPerToken - Buffer.byteLength(decode(windows.targets)) / windows.targets.length) < 0.2,
    )
  }
})

test('bytes are not written to the cache', async t => {
  const path = folder(t)
  writeText(path, 'words', 5000)
  const cache = { directory: join(path, 'never') }
  const { train, describe } = await openData(text(join(path, 'words')), { ...init, cache })
  t.like(describe(), { bytesPerToken: 1, tokens: 20_000, bytes: 20_000 })
  train.close()
  t.false(existsSync(cache.directory))
})
