import { readFileSync } from 'node:fs'
import test from 'ava'
import { commentedSpecification, specificationReference } from '../../../../src/peer/specification/documents.ts'
import { type Key, keyTree } from '../../../../src/peer/specification/key-tree.ts'
import { parseSpecification } from '../../../../src/peer/specification/parse.ts'

test('the commented file means exactly the defaults, and says every key of them', t => {
  const text = commentedSpecification()
  t.deepEqual(parseSpecification(text), parseSpecification(''))
  for (const key of keys(keyTree())) t.regex(text, new RegExp(`^ *(# )?${key.name}:`, 'm'))
  t.true(text.split('\n').every(line => line.length <= 130))
})

test('uncommented, another variant is valid', t => {
  const lines = commentedSpecification().split('\n')
  const sgd = lines.findIndex(line => line.includes('# kind: sgd'))
  const optimizer = lines.indexOf('optimizer:')
  const changed = [
    ...lines.slice(0, optimizer + 1),
    ...lines.slice(sgd, lines.indexOf('', sgd)).map(line => line.replace('# ', '')),
    ...lines.slice(lines.indexOf('', sgd)),
  ]
  t.deepEqual(parseSpecification(changed.join('\n')).optimizer, { kind: 'sgd', learningRate: 0.1, momentum: 0.9 })
})

test('a file for each kind of model chooses it and the data it needs', t => {
  const kinds = ['gpt', 'mlp', 'cnn', 'module'] as const
  const chosen = kinds.map(kind => parseSpecification(commentedSpecification(kind)))
  t.deepEqual(
    chosen.map(({ model, data }) => [model.kind, data.kind]),
    [
      ['gpt', 'text'],
      ['mlp', 'images'],
      ['cnn', 'images'],
      ['module', 'text'],
    ],
  )
})

test('every key is documented', t => {
  for (const key of keys(keyTree())) t.true(key.says.length > 5, key.name)
})

test('docs/run-specification.md is up to date', t => {
  const page = readFileSync(new URL('../../../../docs/run-specification.md', import.meta.url), 'utf8')
  const command = `node -e 'import("./src/peer/specification/documents.ts").then(d => require("fs").writeFileSync("docs/run-specification.md", d.specificationReference()))'`
  t.is(page, specificationReference(), `Write it again: ${command}`)
})

function keys(key: Key): Key[] {
  return key.variants.flatMap(variant => variant.keys).flatMap(child => [child, ...keys(child)])
}
