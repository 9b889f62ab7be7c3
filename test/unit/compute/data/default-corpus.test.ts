import { readFileSync } from 'node:fs'
import test from 'ava'
import { defaultCorpusDocuments, defaultCorpusPackages } from '../../../../src/compute/data/default-corpus.ts'
import { MurmurError } from '../../../../src/core/errors.ts'

test('the packages are sorted, direct and not optional', t => {
  const manifest = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>
  }
  t.deepEqual(defaultCorpusPackages, defaultCorpusPackages.toSorted())
  for (const name of defaultCorpusPackages) t.true(name in manifest.dependencies, name)
})

test('it is one to ten megabytes of Markdown and declarations, each file once and in order', t => {
  const documents = defaultCorpusDocuments()
  const bytes = documents.reduce((sum, document) => sum + document.bytes, 0)
  t.true(bytes > 1e6 && bytes < 1e7, `${bytes}`)
  t.is(new Set(documents.map(document => document.path)).size, documents.length)
  t.deepEqual(new Set(documents.map(document => packageOf(document.name))), new Set(defaultCorpusPackages))
  for (const { name, bytes } of documents) {
    t.true(name.endsWith('.md') || bytes >= 1024, name)
    t.regex(name, /\.(md|d\.ts)$/)
    t.notRegex(name, /node_modules|_test/)
  }
  const order = documents.map(({ name }) => [defaultCorpusPackages.indexOf(packageOf(name)), name] as const)
  t.deepEqual(
    order,
    order.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1)),
  )
})

test('a package that is not installed is named', t => {
  const error = t.throws(() => defaultCorpusDocuments(['zod', 'no-such-package']), { instanceOf: MurmurError })
  t.is(error.code, 'CORPUS_MISSING')
  t.regex(error.message, /no-such-package/)
})

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}
