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
})
