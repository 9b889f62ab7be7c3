import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { randomPartner } from '../../../../src/exchange/topology/random-partner.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const peers = ['a', 'b', 'c', 'd']

function choice(seed = 'seed') {
  const clock = virtualClock(0)
  return { clock, partner: randomPartner({ backOff: 1000 })({ clock, random: random(seed) }) }
}

test('picks uniformly and by seed', t => {
  const { partner } = choice()
  const counts = new Map<string, number>()
  for (let i = 0; i < 4000; i++) {
    const peer = partner.pick(peers)!
    counts.set(peer, (counts.get(peer) ?? 0) + 1)
  }
  // Each count is binomial(4000, 1/4): five standard deviations are 137.
  for (const peer of peers) t.true(Math.abs(counts.get(peer)! - 1000) < 137, `${peer}: ${counts.get(peer)}`)
  const sequence = (seed: string) => {
    const { partner } = choice(seed)
    return Array.from({ length: 20 }, () => partner.pick(peers))
  }
  t.deepEqual(sequence('x'), sequence('x'))
  t.notDeepEqual(sequence('x'), sequence('y'))
})

test('nobody to pick from', t => {
  t.is(choice().partner.pick([]), undefined)
})

test('avoids who failed until the back-off is over', async t => {
  const { clock, partner } = choice()
  partner.failed('a')
  const picked = () => new Set(Array.from({ length: 200 }, () => partner.pick(peers)))
  t.deepEqual([...picked()].sort(), ['b', 'c', 'd'])
  await clock.advance(999)
  t.false(picked().has('a'))
  await clock.advance(1)
  t.true(picked().has('a'))
})

test('takes who failed when there is nobody else', t => {
  const { partner } = choice()
  partner.failed('a')
  t.is(partner.pick(['a']), 'a')
})

test('remembers a bounded number of failures, the latest', t => {
  const { partner } = choice()
  const many = Array.from({ length: 1000 }, (_, i) => `peer-${i}`)
  for (const peer of many) partner.failed(peer)
  const picked = new Set(Array.from({ length: 5000 }, () => partner.pick(many)))
  t.false(picked.has('peer-999'))
  t.true(picked.size > 500)
})
