import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { corpus } from '../../../../src/compute/data/corpus.ts'
import { findDocuments } from '../../../../src/compute/data/find-documents.ts'
import { isErrorCode, MurmurError } from '../../../../src/core/errors.ts'

function folder(t: ExecutionContext, files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'murmur-corpus-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}

const names = (paths: string[], directory: string) => findDocuments(paths, directory).map(document => document.name)

test('a folder stands for its files, sorted by name, without hidden, installed and empty ones', t => {
  const files = {
    'b.txt': 'b',
    'a/z.txt': 'z',
    'B.txt': 'B',
    '.git/x': 'x',
    'node_modules/y/y.md': 'y',
    'empty.txt': '',
  }
  const path = folder(t, files)
  t.deepEqual(names(['.'], path), ['B.txt', 'a/z.txt', 'b.txt'])
})

test('documents have the same names wherever the folder is, and paths keep their order', t => {
  const files = { 'text/1.md': '1', 'text/deep/2.md': '2', 'text/3.txt': '3' }
  const [one, two] = [folder(t, files), folder(t, files)]
  t.deepEqual(names([join(one, 'text')], '/'), names(['text'], two))
  t.deepEqual(names(['text/3.txt', 'text/**/*.md'], one), ['3.txt', '1.md', 'deep/2.md'])
})

test('a file named twice counts once', t => {
  const path = folder(t, { 'a.txt': 'a', 'b.txt': 'b' })
  t.deepEqual(names(['b.txt', '*.txt'], path), ['b.txt', 'a.txt'])
})

test('links to files are followed', t => {
  const path = folder(t, { 'in/a.txt': 'a', 'out.txt': 'o' })
  symlinkSync(join(path, 'out.txt'), join(path, 'in/linked.txt'))
  t.deepEqual(names(['in'], path), ['a.txt', 'linked.txt'])
})

for (const [what, missing] of [
  ['an absent file', 'absent.txt'],
  ['a glob without matches', '**/*.rst'],
  ['an empty file', 'empty.txt'],
  ['an empty folder', 'none'],
] as const) {
  test(`${what} is missing text, in one line that names it`, t => {
    const path = folder(t, { 'a.txt': 'a', 'empty.txt': '', 'none/.keep': '' })
    const error = t.throws(() => findDocuments(['a.txt', missing], path), { instanceOf: MurmurError })
    t.true(isErrorCode(error, 'CORPUS_MISSING'))
    t.true(error.message.includes(`"${missing}"`) && error.message.includes(path) && !error.message.includes('\n'))
  })
}

test('reads go across documents, with fewer files open than there are documents', t => {
  const path = folder(t, { '1': 'abc', '2': 'd', '3': 'efghi', '4': 'jk' })
  const text = corpus(findDocuments(['.'], path), { openFiles: 2 })
  t.teardown(() => text.close())
  const whole = 'abcdefghijk'
  t.is(text.bytes, whole.length)
  for (let start = 0; start <= whole.length; start++) {
    for (let end = start; end <= whole.length; end++) {
      const into = new Uint8Array(end - start)
      text.read(start, into)
      t.is(Buffer.from(into).toString(), whole.slice(start, end))
    }
  }
})

test('a file that shrinks or goes while it is read is one clear line', t => {
  const path = folder(t, { a: 'aaaa', b: 'bbbb' })
  const text = corpus(findDocuments(['.'], path))
  truncateSync(join(path, 'a'), 1)
  rmSync(join(path, 'b'))
  for (const [position, message] of [
    [0, /shorter.*expected 4 bytes/],
    [4, /cannot be read/],
  ] as const) {
    const error = t.throws(() => text.read(position, new Uint8Array(4)), { instanceOf: MurmurError, message })
    t.is(error.code, 'CORPUS_MISSING')
  }
  text.close()
})
