import test from 'ava'
import { MurmurError } from '../../../../src/core/errors.ts'
import {
  canonicalSpecification,
  parseCanonical,
  runId,
  withDataPaths,
} from '../../../../src/peer/specification/canonical.ts'
import { parseSpecification } from '../../../../src/peer/specification/parse.ts'
import type { RunSpecification } from '../../../../src/peer/specification/schema.ts'

const files = [
  '',
  'model: {layers: 2}\nsteps: 30',
  'optimizer: {kind: sgd, momentum: 0}\naveraging: {staleness: {policy: polynomial}}',
  'model: {kind: mlp, hidden: []}\ndata: {kind: images, images: "ünï", labels: l}',
  'data: {partition: dirichlet}',
]

test('order, comments and spelled-out defaults do not change the run; every other thing does', t => {
  const id = (yaml: string) => runId(parseSpecification(yaml))
  t.is(
    id('steps: 30\nmodel: {heads: 2, layers: 2}'),
    id('# a run\nmodel:\n  layers: 2\n  heads: 2\nsteps: 30\nbatch: 8\n'),
  )
  t.is(id('averaging: {staleness: {}}'), id(''))
  t.is(id('data: {partition: dirichlet, alpha: 0.1}'), id('data: {partition: dirichlet}'))
  t.is(new Set([...files, 'seed: 1', 'name: other', 'averaging: {codec: float32}'].map(id)).size, files.length + 3)
  t.regex(id(''), /^[0-9a-f]{32}$/)
})

test('keys are sorted at every level and the text survives a round trip', t => {
  for (const file of files) {
    const specification = parseSpecification(file)
    const text = canonicalSpecification(specification)
    t.deepEqual(parseCanonical(text), specification)
    t.deepEqual(JSON.parse(text), specification)
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      t.deepEqual(Object.keys(value), Object.keys(value).toSorted())
      return value
    })
  }
})

test('the canonical text does not depend on how the object was made', t => {
  const specification = parseSpecification('')
  const reversed = Object.fromEntries(Object.entries(specification).toReversed()) as typeof specification
  t.is(canonicalSpecification(reversed), canonicalSpecification(specification))
})

/** A stranger's, who names a file of this machine. */
function withTokenizer(sha256: string): string {
  const { data, ...rest } = parseSpecification('')
  const tokenizer = { kind: 'file', file: '/home/u/.ssh/id_rsa', sha256 }
  return canonicalSpecification({ ...rest, data: { ...data, tokenizer } } as RunSpecification)
}

test('a tokenizer with its hash is accepted from another peer', t => {
  t.notThrows(() => parseCanonical(withTokenizer('ab'.repeat(32))))
})

const canonical = canonicalSpecification(parseSpecification(''))
for (const [what, text] of [
  ['nothing', ''],
  ['no JSON', canonical.slice(0, -1)],
  ['defaults left out', '{}'],
  ['white space', `${canonical} `],
  ['another order', canonical.replace('"kind":"gpt","layers":4', '"layers":4,"kind":"gpt"')],
  ['an unknown key', canonical.replace('{', '{"aaa":1,')],
  ['a key twice', canonical.replace('{', '{"batch":9,')],
  ['a value out of range', canonical.replace('"batch":8', '"batch":1e300')],
  [
    'more than its bytes allow',
    canonical.replace('"paths":[]', `"paths":${JSON.stringify(new Array(700).fill('p'.repeat(100)))}`),
  ],
  ['deep nesting', '['.repeat(30_000) + ']'.repeat(30_000)],
  ['a prototype', canonical.replace('{', '{"__proto__":{"batch":9},')],
  ['null', 'null'],
  ['a tokenizer whose hash nobody filled in', withTokenizer('')],
  ['a tokenizer whose hash is too short', withTokenizer('ab'.repeat(31))],
  ['a tokenizer whose hash is none', withTokenizer('AB'.repeat(32))],
  ['a model whose hash nobody filled in', canonicalSpecification(parseSpecification('model: {module: a.ts}'))],
] as const) {
  test(`what another peer sent is refused: ${what}`, t => {
    const error = t.throws(() => parseCanonical(text), { instanceOf: MurmurError })
    t.is(error.code, 'MESSAGE_INVALID')
    t.true(!error.message.includes('\n') && error.message.length < 500)
  })
}

test('data paths of this peer replace those of the run, and nothing else', t => {
  const run = parseSpecification('data: {paths: [a, b], partitions: 7}')
  t.deepEqual(withDataPaths(run, ['/c']), { ...run, data: { ...run.data, paths: ['/c'] } })
  const images = parseSpecification(files[3]!)
  t.like(withDataPaths(images, ['i', 'l']).data, { kind: 'images', images: 'i', labels: 'l' })
  t.is(t.throws(() => withDataPaths(images, ['i']), { instanceOf: MurmurError })?.code, 'USAGE')
})
