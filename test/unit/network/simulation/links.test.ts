import test from 'ava'
import { random } from '../../../../src/core/random.ts'
import { createLinks, type LinksInit, linksSchema } from '../../../../src/network/simulation/links.ts'

const peers = Array.from({ length: 400 }, (_, i) => `peer-${i}`)

test('a seed draws the same internet, symmetric in latency and not in bandwidth, within its bounds', t => {
  const links = createLinks({ kind: 'wan' }, peers, random('a'))
  const again = createLinks({ kind: 'wan' }, [], random('a'))
  const other = createLinks({ kind: 'wan' }, peers, random('b'))
  let logarithms = 0
  let asymmetric = 0
  for (const [i, peer] of peers.entries()) {
    const next = peers[(i + 1) % peers.length]!
    const latency = links.latency(peer, next)
    t.is(latency, links.latency(next, peer))
    t.is(latency, again.latency(peer, next))
    t.not(latency, other.latency(peer, next))
    t.true(latency >= 10 && latency <= 200)
    const { up, down } = links.bandwidth(peer)
    if (up !== down) asymmetric++
    for (const rate of [up, down]) t.true(rate >= 1250 && rate <= 125_000)
    logarithms += Math.log(latency)
  }
  t.true(asymmetric > 380) // the rest is cut off at the same bound
  // The median is the geometric mean of the bounds, the spread of the logarithm 0.75: three standard errors.
  t.true(Math.abs(logarithms / peers.length - Math.log(Math.sqrt(2000))) < (3 * 0.75) / Math.sqrt(peers.length))
})

test('regions are dealt out in turn, fast inside and slow between', t => {
  const init: LinksInit = { kind: 'regions', regions: 3, between: { latency: 90, bandwidth: 8 } }
  const links = createLinks(init, peers, random('a'))
  t.deepEqual(peers.slice(0, 5).map(links.region), [0, 1, 2, 0, 1])
  t.is(links.region('latecomer'), 400 % 3)
  t.is(links.latency('peer-0', 'peer-3'), 1)
  t.is(links.latency('peer-0', 'peer-1'), 90)
  t.is(links.limit('peer-0', 'peer-1'), 1000)
  t.is(links.limit('peer-0', 'peer-3'), 125_000)
})

test('measured links are those of the pair, or else of the swarm', t => {
  const pairs = [{ between: [1, 0] as [number, number], latency: 7, bandwidth: 8 }]
  const init: LinksInit = { kind: 'measured', peers: 2, latency: 3, bandwidth: 80, pairs }
  const { latency, limit, bandwidth } = createLinks(init, peers, random('a'))
  t.deepEqual([latency('peer-0', 'peer-1'), limit('peer-0', 'peer-1')], [7, 1000])
  t.deepEqual([latency('peer-3', 'peer-2'), limit('peer-2', 'peer-5')], [7, 1000]) // the first ones again
  t.deepEqual([latency('peer-0', 'peer-2'), limit('peer-0', 'peer-2')], [3, 10_000])
  t.deepEqual(bandwidth('peer-0'), { up: 10_000, down: 10_000 })
})

test('what an experiment leaves out is filled in', t => {
  t.deepEqual(linksSchema.parse({ kind: 'wan' }), {
    kind: 'wan',
    latency: [10, 200],
    bandwidth: [10, 1000],
    jitter: 0.1,
    loss: 0,
  })
  const between = { latency: 80, bandwidth: 50 }
  t.deepEqual(linksSchema.parse({ kind: 'regions', between: { bandwidth: 50 } }), {
    kind: 'regions',
    regions: 4,
    inside: { latency: 1, bandwidth: 1000 },
    between,
    jitter: 0,
    loss: 0,
  })
})

test('a wrong key or value is named', t => {
  const wrong = (init: unknown, message: RegExp) =>
    t.throws(() => createLinks(init as LinksInit, [], random('a')), { code: 'SPECIFICATION_INVALID', message })
  wrong({ kind: 'lan', los: 1 }, /`links\.los`.*got 1/)
  wrong({ kind: 'uniform', up: 0 }, /`links\.up`.*got 0/)
  wrong({ kind: 'wan', latency: [200, 10] }, /`links\.latency`: Expected the lesser value first, got \[200,10\]/)
  wrong({ kind: 'regions', between: { latency: -1 } }, /`links\.between\.latency`.*got -1/)
  wrong({ kind: 'moon' }, /`links\.kind`.*got "moon"/)
  wrong(undefined, /`links`/)
})
