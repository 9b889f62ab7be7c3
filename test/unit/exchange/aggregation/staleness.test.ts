import test from 'ava'
import { stalenessPolicy } from '../../../../src/exchange/aggregation/staleness.ts'

test('none takes everything in full', t => {
  const policy = stalenessPolicy({ policy: 'none' })
  t.is(policy(0), 1)
  t.is(policy(1e9), 1)
})

test('bounded refuses what is older than its bound', t => {
  const policy = stalenessPolicy({ policy: 'bounded', bound: 3 })
  t.deepEqual([0, 3, 4].map(policy), [1, 1, undefined])
})

test('polynomial damps by (1 + staleness)^-exponent', t => {
  const policy = stalenessPolicy({ policy: 'polynomial', exponent: 0.5 })
  t.deepEqual([0, 3, 99].map(policy), [1, 0.5, 0.1])
  t.is(stalenessPolicy({ policy: 'polynomial' })(3), 0.5)
})

test('hinge counts in full up to its bound and falls from there', t => {
  const policy = stalenessPolicy({ policy: 'hinge', bound: 4, slope: 0.5 })
  t.deepEqual([0, 4, 6, 10].map(policy), [1, 1, 0.5, 0.25])
  t.deepEqual([20, 30].map(stalenessPolicy({ policy: 'hinge' })), [1, 0.5])
})

test('drop takes only what is not stale at all', t => {
  t.deepEqual([0, 1, 100].map(stalenessPolicy({ policy: 'drop' })), [1, undefined, undefined])
})

test('a weight that vanishes is a refusal', t => {
  t.is(stalenessPolicy({ policy: 'polynomial', exponent: 1000 })(9), undefined)
})

test('options are checked', t => {
  t.throws(() => stalenessPolicy({ policy: 'bounded', bound: -1 }), {
    message: 'Expected `bound` to be an integer >= 0, got -1',
  })
  t.throws(() => stalenessPolicy({ policy: 'polynomial', exponent: Number.NaN }), {
    message: 'Expected `exponent` to be a number >= 0, got NaN',
  })
  t.throws(() => stalenessPolicy({ policy: 'hinge', bound: 1.5 }), {
    message: 'Expected `bound` to be an integer >= 0, got 1.5',
  })
  t.throws(() => stalenessPolicy({ policy: 'hinge', slope: -1 }), {
    message: 'Expected `slope` to be a number >= 0, got -1',
  })
})
