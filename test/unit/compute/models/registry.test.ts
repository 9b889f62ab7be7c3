import test from 'ava'
import { createModel } from '../../../../src/compute/models/registry.ts'
import { isErrorCode } from '../../../../src/core/errors.ts'

const common = { summary: '', fingerprint: '' }
const text = {
  ...common,
  kind: 'text',
  vocabulary: 9,
  documents: 1,
  bytes: 1,
  tokens: 1,
  bytesPerToken: 1,
  trainTokens: 1,
  validationTokens: 1,
} as const
const images = {
  ...common,
  kind: 'images',
  shape: [2, 2, 1],
  inputs: 4,
  classes: 3,
  trainExamples: 1,
  validationExamples: 1,
} as const
const shapeOf = (model: ReturnType<typeof createModel>, name: string) =>
  model.parameters.find(parameter => parameter.name === name)?.shape

test('a gpt takes its vocabulary from the text', t => {
  const model = createModel({ kind: 'gpt', layers: 1, width: 8, heads: 2, context: 4 }, text)
  t.deepEqual(shapeOf(model, 'wte.weight'), [9, 8])
})

test('an mlp takes its ends from the images', t => {
  const model = createModel({ kind: 'mlp', hidden: [5] }, images)
  t.deepEqual(
    [shapeOf(model, 'layers.0.weight'), shapeOf(model, 'layers.1.weight')],
    [
      [4, 5],
      [5, 3],
    ],
  )
})

test('a model that cannot learn from the data is refused', t => {
  const error = t.throws(() => createModel({ kind: 'mlp', hidden: [] }, text))
  t.true(isErrorCode(error, 'SPECIFICATION_INVALID'))
})
