import test from 'ava'
import { createOptimizer } from '../../../../src/compute/optim/registry.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'

const layout = layoutParameters([{ name: 'w', shape: [2, 2], group: 0 }])

test('each kind is built with its options', t => {
  t.deepEqual(createOptimizer({ kind: 'adamw', learningRate: 1 }, layout).state, ['moment1', 'moment2'])
  t.deepEqual(createOptimizer({ kind: 'sgd', learningRate: 1 }, layout).state, ['momentum'])
  t.deepEqual(createOptimizer({ kind: 'sgd', learningRate: 1, momentum: 0 }, layout).state, [])
  t.throws(() => createOptimizer({ kind: 'adamw', learningRate: 1, beta1: 2 }, layout), { message: /beta1/ })
})
