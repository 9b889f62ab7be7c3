import test from 'ava'
import { merged } from '../../../../src/experiment/specification/merge.ts'

test('keys are merged at every depth, and what is not said stays', t => {
  const base = { peers: 8, run: { steps: 10, model: { kind: 'gpt', width: 32, layers: 2 } } }
  t.deepEqual(merged(base, { run: { model: { width: 64 } } }), {
    peers: 8,
    run: { steps: 10, model: { kind: 'gpt', width: 64, layers: 2 } },
  })
  t.deepEqual(merged(base, undefined), base)
})

test('another variant stands alone: its keys mean something else', t => {
  const base = { averaging: { algorithm: 'pairwise', every: 5, codec: 'int8' } }
  t.deepEqual(merged(base, { averaging: { algorithm: 'diloco' } }), { averaging: { algorithm: 'diloco' } })
  t.deepEqual(merged(base, { averaging: { algorithm: 'pairwise', every: 7 } }), {
    averaging: { algorithm: 'pairwise', every: 7, codec: 'int8' },
  })
})

test('lists and null replace', t => {
  t.deepEqual(merged({ churn: { up: 1 }, speed: [1, 2] }, { churn: null, speed: [3] }), { churn: null, speed: [3] })
})
