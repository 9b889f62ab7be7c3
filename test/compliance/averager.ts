import test from 'ava'
import type { AveragerFactory } from '../../src/exchange/averager.ts'
import { averagingSwarm, conserved, relativeDrift } from '../support/averaging-pair.ts'

interface AveragerTraits {
  /** What averaging changes at one peer it changes at another, with the opposite sign. @default true */
  keepsSum?: boolean
}

/** What every averaging algorithm must do, whatever it is. */
export function averagerSuite(
  name: string,
  factory: () => AveragerFactory,
  { keepsSum = true }: AveragerTraits = {},
): void {
  test(`${name}: equal parameters stay bit for bit what they are`, async t => {
    const swarm = await averagingSwarm({
      peers: 3,
      groups: [3000],
      factory: factory(),
      initial: (_, length) => Float32Array.from({ length }, (_, i) => Math.sin(i) * 10 ** (i % 7)),
    })
    const before = swarm.peers[0]!.host.values.slice()
    for (const { averager } of swarm.peers) await averager.exchange('shard-0')
    for (const { host } of swarm.peers) t.deepEqual(host.values.slice(), before)
    await swarm.stop()
  })

  test(`${name}: everybody trains while shards are averaged${keepsSum ? ', and the sum over the swarm is preserved' : ''}`, async t => {
    const swarm = await averagingSwarm({ peers: 4, groups: [600, 600, 600], shards: 3, factory: factory() })
    const hosts = swarm.peers.map(peer => peer.host)
    const before = conserved(hosts)
    const end = new AbortController()
    const training = swarm.peers.map(({ host, averager }) => host.train(end.signal, step => averager.onStep(step)))
    for (const shard of swarm.layout.shards) {
      await Promise.all(swarm.peers.map(({ averager }) => averager.exchange(shard.name)))
    }
    await Promise.all(swarm.peers.map(({ averager }) => averager.stop(new AbortController().signal)))
    end.abort()
    await Promise.all(training)
    t.true(hosts.every(host => host.step > 0))
    t.true(hosts.every(host => host.values.every(Number.isFinite)))
    if (keepsSum) t.true(relativeDrift(before, conserved(hosts), hosts) < 1e-6)
    await swarm.stop()
  })

  test(`${name}: counters add up`, async t => {
    const swarm = await averagingSwarm({ peers: 2, groups: [600], factory: factory() })
    const { averager } = swarm.peers[0]!
    t.deepEqual(averager.hosts, ['shard-0'])
    for (let i = 0; i < 3; i++) await averager.exchange('shard-0')
    const { tried, ok, failed } = averager.counters
    t.is(tried, 3)
    t.is(ok + Object.values(failed).reduce((sum, count) => sum + count, 0), 3)
    await swarm.stop()
  })

  test(`${name}: never throws, and is still after stop`, async t => {
    const swarm = await averagingSwarm({ peers: 2, groups: [600], factory: factory() })
    const [a, b] = swarm.peers
    await swarm.peers[1]!.transport.stop()
    await t.notThrowsAsync(a!.averager.exchange('shard-0'))
    await a!.averager.stop(AbortSignal.abort())
    await a!.averager.stop(AbortSignal.abort())
    const before = a!.host.values.slice()
    for (let step = 1; step < 100; step++) a!.averager.onStep(step)
    t.not(await a!.averager.exchange('shard-0'), 'ok')
    t.deepEqual(a!.host.values.slice(), before)
    await b!.averager.stop(AbortSignal.abort())
    await swarm.stop()
  })
}
