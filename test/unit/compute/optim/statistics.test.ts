import test from 'ava'
import { decayRanges } from '../../../../src/compute/optim/decay.ts'
import { statistics } from '../../../../src/compute/optim/statistics.ts'
import { layoutParameters } from '../../../../src/core/layout.ts'

const layout = layoutParameters([
  { name: 'weight', shape: [2, 1], group: 0 },
  { name: 'mean', shape: [2, 1], group: 1, statistic: true },
  { name: 'bias', shape: [1], group: 2 },
])

test('gradients of statistics are taken out of the vector and subtracted as they are', t => {
  const { take, apply } = statistics(layout)
  const gradients = Float32Array.of(1, 2, 3, 4, 5)
  take(gradients)
  t.deepEqual([...gradients], [1, 2, 0, 0, 5])
  const parameters = Float32Array.of(10, 10, 10, 10, 10)
  apply(parameters)
  t.deepEqual([...parameters], [10, 10, 7, 6, 10])
})

test('statistics do not decay, whatever their shape', t => {
  t.deepEqual(decayRanges(layout), [
    { start: 0, end: 2, decays: true },
    { start: 2, end: 5, decays: false },
  ])
})
