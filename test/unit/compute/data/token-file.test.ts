import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openTokenFile, tokenFileWriter } from '../../../../src/compute/data/token-file.ts'
import { MurmurError } from '../../../../src/core/errors.ts'

async function written(t: ExecutionContext, documents: Int32Array[], vocabulary: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-tokens-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'some.tokens')
  const file = await open(path, 'wx')
  const writer = tokenFileWriter(file, 'identity', vocabulary)
  for (const tokens of documents) {
    // In two parts, as text comes in pieces.
    await writer.add(tokens.subarray(0, tokens.length >> 1))
    await writer.add(tokens.subarray(tokens.length >> 1))
    writer.endDocument()
  }
  await writer.finish()
  await file.close()
  return path
}

for (const vocabulary of [300, 65_536, 65_537, 200_000]) {
  test(`tokens of a vocabulary of ${vocabulary} come back from any position`, async t => {
    const documents = [1000, 0, 600_000].map(length =>
      Int32Array.from({ length }, (_, i) => (i * 7919 + length) % vocabulary),
    )
    const path = await written(t, documents, vocabulary)
    const file = openTokenFile(path, 'identity', vocabulary)!
    t.teardown(() => file.close())
    t.deepEqual(file.tokens, [1000, 0, 600_000])
    t.is(file.length, 601_000)
    const all = documents.flatMap(tokens => [...tokens])
    for (const [from, length] of [
      [0, 17],
      [995, 10],
      [600_000, 1000],
      [3, 1],
    ] as const) {
      const into = new Int32Array(length)
      file.read(from, into)
      t.deepEqual([...into], all.slice(from, from + length))
    }
    t.throws(() => file.read(600_990, new Int32Array(11)), { instanceOf: RangeError })
    t.is(readFileSync(path).length > 601_000 * (vocabulary > 65_536 ? 4 : 2), true)
  })
}

test('what is missing, unfinished or something else is not opened', async t => {
  const path = await written(t, [Int32Array.of(1, 2, 3)], 300)
  t.is(openTokenFile(`${path}.none`, 'identity', 300), undefined)
  t.is(openTokenFile(path, 'another', 300), undefined)
  t.is(openTokenFile(path, 'identity', 301), undefined)
  const whole = readFileSync(path)
  for (let size = whole.length - 1; size >= 0; size--) {
    truncateSync(path, size)
    t.is(openTokenFile(path, 'identity', 300), undefined)
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.from('x')]))
  t.is(openTokenFile(path, 'identity', 300), undefined)
  writeFileSync(path, whole.subarray(2))
  t.is(openTokenFile(path, 'identity', 300), undefined)
})

test('a token outside the vocabulary, and a file that shrinks while it is read, are one clear line', async t => {
  const path = await written(t, [Int32Array.of(1, 2, 3)], 300)
  const damaged = readFileSync(path)
  damaged.writeUInt16LE(300, 2)
  writeFileSync(path, damaged)
  const file = openTokenFile(path, 'identity', 300)!
  t.teardown(() => file.close())
  const read = () => file.read(0, new Int32Array(3))
  t.like(t.throws(read, { instanceOf: MurmurError, message: /damaged \(token 300 at 1\)/ }), { code: 'CORPUS_MISSING' })
  truncateSync(path, 4)
  t.throws(read, { message: /has become shorter/ })
})
