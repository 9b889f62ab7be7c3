import test from 'ava'
import { Arrivals } from '../../../../src/exchange/fragments/arrivals.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

test('a sender has a burst and then a rate, whatever others do', async t => {
  const clock = virtualClock(0)
  const arrivals = new Arrivals<number>(clock, { capacity: 100, burst: 3, rate: 2 })
  const add = (from: string, count: number) => Array.from({ length: count }, (_, i) => arrivals.add(from, i))
  t.deepEqual(add('a', 5), [true, true, true, false, false])
  t.deepEqual(add('b', 1), [true])
  await clock.advance(1000)
  t.deepEqual(add('a', 3), [true, true, false])
  await clock.advance(1e6)
  t.deepEqual(add('a', 4), [true, true, true, false])
})

test('no more wait than there is room for, first come first served', t => {
  const arrivals = new Arrivals<string>(virtualClock(0), { capacity: 2, burst: 9, rate: 1 })
  t.deepEqual(
    ['x', 'y', 'z'].map(what => arrivals.add(what, what)),
    [true, true, false],
  )
  t.is(arrivals.next(), 'x')
  t.true(arrivals.add('z', 'z'))
  t.deepEqual([arrivals.next(), arrivals.next(), arrivals.next()], ['y', 'z', undefined])
})

test('thousands of senders are no more to remember than some', t => {
  const arrivals = new Arrivals<number>(virtualClock(0), { capacity: 1e6, burst: 1, rate: 1 })
  t.true(arrivals.add('first', 0))
  t.false(arrivals.add('first', 0))
  for (let i = 0; i < 2000; i++) arrivals.add(`peer ${i}`, i)
  t.true(arrivals.add('first', 0)) // forgotten, and so its debt
})
