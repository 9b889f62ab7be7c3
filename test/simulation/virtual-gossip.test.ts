import { createHash } from 'node:crypto'
import test from 'ava'
import { layoutParameters } from '../../src/core/layout.ts'
import { random } from '../../src/core/random.ts'
import { consensusDistance } from '../../src/core/vector.ts'
import { virtualTime } from '../../src/core/virtual-time.ts'
import { pairwiseGossip } from '../../src/exchange/averaging/pairwise-gossip.ts'
import { createLinks } from '../../src/network/simulation/links.ts'
import { simulatedNetwork } from '../../src/network/simulation/simulated-network.ts'
import { conserved, relativeDrift } from '../support/averaging-pair.ts'
import { LocalHost } from '../support/local-host.ts'

/** Training peers of different speeds on slow, lossy links, two of them parted from the rest for a while. */
async function gossip(seed: string) {
  const time = virtualTime()
  const stream = random(seed)
  const ids = Array.from({ length: 8 }, (_, i) => `peer-${i}`)
  const links = createLinks({ kind: 'wan', loss: 0.02 }, ids, stream.fork('links'))
  const network = simulatedNetwork({ time, random: stream.fork('network'), links })
  const layout = layoutParameters(
    [1500, 1500].map((size, group) => ({ name: `t${group}`, shape: [size], group })),
    2,
  )
  const trace = createHash('sha256')
  const peers = ids.map(id => {
    const own = stream.fork(id)
    const initial = Float32Array.from({ length: layout.length }, () => own.normal())
    const host = new LocalHost(initial, own.fork('steps'), 1e-3)
    const transport = network.transport(id)
    const averager = pairwiseGossip({ every: 4 })({
      transport,
      parameters: host,
      shards: layout.shards,
      run: 'run',
      partners: () => ids.filter(other => other !== id),
      training: () => ids.filter(other => other !== id),
      regionOf: () => undefined,
      progress: () => 0,
      clock: time,
      random: own.fork('partners'),
      telemetry: { record: event => trace.update(JSON.stringify([time.now(), id, event])) },
    })
    return { host, transport, averager, ms: 20 + 100 * own.next() }
  })
  const hosts = peers.map(peer => peer.host)
  const [before, start] = [conserved(hosts), consensusDistance(hosts.map(host => host.values))]
  const main = async () => {
    for (const { transport, averager } of peers) {
      await transport.start()
      await averager.start()
    }
    time.schedule(3000, () => network.partition([ids.slice(0, 2), ids.slice(2)]))
    time.schedule(8000, () => network.heal())
    await Promise.all(
      peers.map(async ({ host, averager, ms }) => {
        for (let step = 1; step <= 200; step++) {
          await time.sleep(ms)
          host.takeStep()
          averager.onStep(step)
        }
      }),
    )
    await Promise.all(peers.map(({ averager }) => averager.stop(new AbortController().signal)))
    for (const { transport } of peers) await transport.stop()
  }
  await time.run(main())
  return {
    drift: relativeDrift(before, conserved(hosts), hosts),
    contraction: consensusDistance(hosts.map(host => host.values)) / start,
    counters: peers.map(({ averager }) => averager.counters),
    trace: trace.digest('hex'),
    now: time.now(),
  }
}

test('gossip in virtual time preserves the sum over a partition, and is the same twice', async t => {
  const first = await gossip('a')
  t.true(first.drift < 1e-6, `drift ${first.drift}`)
  t.true(first.contraction < 0.01, `contraction ${first.contraction}`)
  t.true(first.counters.every(({ ok }) => ok > 5))
  t.true(first.counters.some(({ failed }) => Object.keys(failed).length > 0))
  const second = await gossip('a')
  t.is(second.trace, first.trace)
  t.deepEqual(second, first)
  t.not((await gossip('b')).trace, first.trace)
})
