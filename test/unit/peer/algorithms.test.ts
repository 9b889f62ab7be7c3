import test, { type ExecutionContext } from 'ava'
import { consensusDistance } from '../../../src/core/vector.ts'
import { SwarmInProcess, tinySpecification } from '../../support/swarm-in-process.ts'
import { processFolder, tinyTextFile } from '../../support/tiny-text.ts'

const text = tinyTextFile(processFolder())
const STEPS = 80

/** Three peers in two regions that train under an algorithm, all in one thread. */
async function train(t: ExecutionContext, averaging: object) {
  const swarm = new SwarmInProcess(t, tinySpecification(text, { averaging, steps: STEPS }))
  const peers = [
    await swarm.add('a', { partition: 0, region: 'east', quorum: 3 }),
    await swarm.add('b', { partition: 1, region: 'east', quorum: 3, dials: ['a'] }),
    await swarm.add('c', { partition: 2, region: 'west', quorum: 3, dials: ['a', 'b'] }),
  ]
  await Promise.all(peers.map(peer => peer.ended))
  const parameters = await Promise.all(peers.map(async ({ trainer }) => (await trainer.save()).parameters.slice()))
  return { peers, distance: consensusDistance(parameters) }
}

const algorithms = [
  { algorithm: 'sparta', every: 1, fraction: 0.2 },
  { algorithm: 'push-sum', every: 4 },
  { algorithm: 'easgd', every: 2 },
  { algorithm: 'parameter-server', every: 2, serverLearningRate: 0.4 },
  { algorithm: 'parameter-server', every: 2, serverLearningRate: 0.4, bound: 20, codec: 'int8' },
  { algorithm: 'fragments', every: 2, weight: 0.5 },
]

for (const averaging of algorithms) {
  test(`peers of a run average by ${JSON.stringify(averaging)}`, async t => {
    const [alone, together] = [await train(t, { algorithm: 'none' }), await train(t, averaging)]
    for (const peer of together.peers) {
      const evaluations = peer.all('evaluation')
      t.true(evaluations.at(-1)!.loss < evaluations[0]!.loss - 0.5)
      t.deepEqual(peer.all('warning'), [])
      t.true(peer.all('exchange').filter(({ outcome }) => outcome === 'ok').length > 3)
    }
    t.true(together.distance < alone.distance / 2, `${together.distance} against ${alone.distance} alone`)
  })
}

test('followers average inside their region, its leader now and then with another', async t => {
  const { peers } = await train(t, { every: 2, topology: { kind: 'regions', every: 3 } })
  const [a, b, c] = peers.map(
    peer =>
      new Set(
        peer
          .all('exchange')
          .filter(({ role }) => role === 'initiator')
          .map(({ partner }) => partner),
      ),
  )
  t.true(a!.has('b') && a!.has('c'))
  t.deepEqual([...b!], ['a'])
  t.deepEqual([...c!], ['a'])
})
