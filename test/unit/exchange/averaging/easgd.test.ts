import test from 'ava'
import { consensusDistance } from '../../../../src/core/vector.ts'
import { easgd } from '../../../../src/exchange/averaging/easgd.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'

const close = (a: ArrayLike<number>, b: (i: number) => number) =>
  Array.from(a).every((x, i) => Math.abs(x - b(i)) < 1e-5)

test('a peer and the centre move toward each other by alpha = 0.9/n', async t => {
  const swarm = await averagingSwarm({ peers: 3, groups: [300], factory: easgd({ codec: 'float32' }) })
  const [a, b] = swarm.peers
  const [x0, x1] = [a!.host.initial, b!.host.initial]
  const alpha = 0.9 / 3
  // The centre begins as its keeper's parameters.
  t.is(await b!.averager.exchange('shard-0'), 'ok')
  t.true(close(b!.host.values, i => x1[i]! - alpha * (x1[i]! - x0[i]!)))
  t.deepEqual(a!.host.values.slice(), x0)
  // The keeper meets it too.
  t.is(await a!.averager.exchange('shard-0'), 'ok')
  t.true(close(a!.host.values, i => x0[i]! + alpha * alpha * (x1[i]! - x0[i]!)))
  t.is(a!.averager.counters.served, 1)
  // What was taken from the peers is in the centre, as the third finds it.
  const [c, x2] = [swarm.peers[2]!, swarm.peers[2]!.host.initial]
  t.is(await c.averager.exchange('shard-0'), 'ok')
  const middle = (i: number) => x0[i]! + (alpha - alpha * alpha) * (x1[i]! - x0[i]!)
  t.true(close(c.host.values, i => x2[i]! - alpha * (x2[i]! - middle(i))))
  await swarm.stop()
})

for (const codec of ['float32', 'int8'] as const) {
  test(`${codec}: all come to agree`, async t => {
    const swarm = await averagingSwarm({ peers: 4, groups: [500], factory: easgd({ codec }) })
    const distance = () => consensusDistance(swarm.peers.map(({ host }) => host.values))
    const start = distance()
    for (let round = 0; round < 80; round++)
      for (const { averager } of swarm.peers) t.is(await averager.exchange('shard-0'), 'ok')
    t.true(distance() < 1e-4 * start, `${distance()} of ${start}`)
    await swarm.stop()
  })
}

test('when the keeper is gone the next one keeps the centre, which is what its parameters are', async t => {
  const swarm = await averagingSwarm({ peers: 4, groups: [300], factory: easgd({ codec: 'float32' }) })
  const [, b, c] = swarm.peers
  t.is(await b!.averager.exchange('shard-0'), 'ok')
  swarm.lose('peer-000')
  const [x1, x2] = [b!.host.values.slice(), c!.host.values.slice()]
  t.is(await c!.averager.exchange('shard-0'), 'ok')
  t.true(close(c!.host.values, i => x2[i]! - 0.3 * (x2[i]! - x1[i]!)))
  await swarm.stop()
})

test('who does not keep the centre refuses', async t => {
  const swarm = await averagingSwarm({ peers: 3, groups: [300], factory: easgd(), known: 2 })
  // The third knows nobody, then takes the second for a peer that keeps the centre.
  t.is(await swarm.peers[2]!.averager.exchange('shard-0'), 'no-partner')
  swarm.lose('peer-000')
  swarm.introduce()
  t.is(await swarm.peers[2]!.averager.exchange('shard-0'), 'ok')
  await swarm.stop()
})

test('options are checked', t => {
  t.throws(() => easgd({ elasticity: 1.5 }), { message: 'Expected `elasticity` to be a number > 0 and <= 1, got 1.5' })
})
