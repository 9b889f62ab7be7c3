import test from 'ava'
import { defaultCorpusDocuments, defaultCorpusPackages } from '../../../../src/compute/data/default-corpus.ts'
import { textClasses } from '../../../../src/compute/data/text-classes.ts'

const classes = (...names: string[]) => textClasses(names.map(name => ({ name })))

test('the class of a document is the folder right below what was named', t => {
  t.deepEqual(classes('a/x', 'a/deep/y', 'b/x', 'b/deep/y'), ['a', 'a', 'b', 'b'])
})

test('documents in no folder are one class', t => {
  t.deepEqual(classes('readme', 'licence', 'a/x'), ['', '', 'a'])
})

test('where there is a single folder, or none, every document is a class', t => {
  for (const names of [
    ['a/x', 'a/y', 'a/z'],
    ['x', 'y', 'z'],
    ['x', 'x', 'x'],
  ]) {
    t.is(new Set(classes(...names)).size, 3)
  }
  t.is(classes('alone').length, 1)
})

test('in the default corpus it is the npm package', t => {
  t.deepEqual([...new Set(textClasses(defaultCorpusDocuments()))], [...defaultCorpusPackages])
})
