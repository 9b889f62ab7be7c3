import test from 'ava'
import { consensusDistance } from '../../src/core/vector.ts'
import type { AveragerFactory, ExchangeOutcome } from '../../src/exchange/averager.ts'
import { averagingSwarm } from '../support/averaging-pair.ts'

const never = new AbortController().signal

type Swarm = Awaited<ReturnType<typeof averagingSwarm>>

/** Everybody at the same barrier. */
async function meet(swarm: Swarm, step: number): Promise<void> {
  await Promise.all(swarm.peers.map(({ averager }) => averager.barriers!.meet(step, never)))
}

function meanOf(swarm: Swarm): Float64Array {
  const mean = new Float64Array(swarm.layout.length)
  for (const { host } of swarm.peers)
    for (let i = 0; i < mean.length; i++) mean[i]! += host.values[i]! / swarm.peers.length
  return mean
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}

interface SynchronousTraits {
  /** One round makes everybody equal. */
  exact: boolean
  /** Equal parameters are left as they are to the bit, as the single-delta form of mixing does; sums of several may round. */
  toTheBit?: boolean
}

/** What every algorithm does that holds training up at barriers. `factory` is to meet after every 10 steps. */
export function synchronousSuite(
  name: string,
  factory: () => AveragerFactory,
  { exact, toTheBit = false }: SynchronousTraits,
): void {
  test(`${name}: barriers come every so many steps`, async t => {
    const swarm = await averagingSwarm({ peers: 2, factory: factory() })
    const { barriers } = swarm.peers[0]!.averager
    t.deepEqual(
      [0, 1, 9, 10, 19].map(step => barriers!.after(step)),
      [10, 10, 10, 20, 20],
    )
    await swarm.stop()
  })

  test(`${name}: equal parameters stay what they are`, async t => {
    const swarm = await averagingSwarm({
      peers: 4,
      groups: [300, 301],
      shards: 2,
      factory: factory(),
      initial: (_, length) => Float32Array.from({ length }, (_, i) => Math.sin(i) * 10 ** (i % 5)),
    })
    const before = swarm.peers[0]!.host.values.slice()
    for (let round = 1; round <= 3; round++) await meet(swarm, 10 * round)
    const most = toTheBit ? 0 : 1e-2 // of values up to 1e4
    for (const { host } of swarm.peers) t.true(furthest(host.values, before) <= most)
    await swarm.stop()
  })

  test(`${name}: the first round keeps the mean and brings the peers closer`, async t => {
    const swarm = await averagingSwarm({ peers: 4, groups: [600], factory: factory() })
    const vectors = () => swarm.peers.map(({ host }) => host.values)
    const [mean, distance] = [meanOf(swarm), consensusDistance(vectors())]
    await meet(swarm, 10)
    const after = consensusDistance(vectors())
    t.true(exact ? after < 1e-9 * distance : after < 0.9 * distance, `${after} of ${distance}`)
    if (exact) t.true(furthest(meanOf(swarm), mean) < 1e-5)
    for (const { averager } of swarm.peers) t.is(averager.counters.ok, 1)
    await swarm.stop()
  })

  test(`${name}: an exchange is told by both sides, by one of them as begun`, async t => {
    const swarm = await averagingSwarm({ peers: 4, groups: [600], factory: factory() })
    for (let round = 1; round <= 2; round++) await meet(swarm, 10 * round)
    const told = swarm.peers.flatMap(({ transport, events }) =>
      events.flatMap(event => (event.type === 'exchange' ? { ...event, by: transport.id } : [])),
    )
    t.true(told.length > 0)
    for (const { id, by, partner, role, outcome } of told) {
      t.is(outcome, 'ok')
      const other = told.filter(event => event.id === id && event.by === partner && event.partner === by)
      t.deepEqual(
        other.map(event => event.role),
        [role === 'initiator' ? 'responder' : 'initiator'],
      )
    }
    await swarm.stop()
  })

  test(`${name}: a peer alone does not wait`, async t => {
    const swarm = await averagingSwarm({ peers: 1, factory: factory() })
    const { averager, host } = swarm.peers[0]!
    const before = host.values.slice()
    await averager.barriers!.meet(10, never)
    t.deepEqual(averager.counters.failed, { 'no-partner': 1 })
    t.deepEqual(host.values.slice(), before)
    await swarm.stop()
  })

  test(`${name}: whoever stops while it waits is told so at once, and stays as it was`, async t => {
    const swarm = await averagingSwarm({ peers: 2, factory: factory() })
    const { averager, host } = swarm.peers[0]!
    const before = host.values.slice()
    const waiting = averager.exchange('shard-0')
    await averager.stop(AbortSignal.abort())
    t.is(await waiting, 'cancelled')
    t.is(await averager.exchange('shard-0'), 'cancelled')
    t.deepEqual(host.values.slice(), before)
    await swarm.stop()
  })

  test(`${name}: an interrupt ends the wait`, async t => {
    const swarm = await averagingSwarm({ peers: 2, factory: factory() })
    const { averager } = swarm.peers[0]!
    const stop = new AbortController()
    const waiting = averager.barriers!.meet(10, stop.signal)
    stop.abort()
    await waiting
    t.deepEqual(averager.counters.failed, { cancelled: 1 } satisfies Partial<Record<ExchangeOutcome, number>>)
    await swarm.stop()
  })

  test(`${name}: who comes late, many rounds after the others, is soon in step with them`, async t => {
    const swarm = await averagingSwarm({ peers: 3, groups: [64], factory: factory(), known: 2 })
    for (let round = 1; round <= 20; round++) {
      await Promise.all(swarm.peers.slice(0, 2).map(({ averager }) => averager.barriers!.meet(10 * round, never)))
    }
    swarm.introduce()
    for (let round = 21; round <= 24; round++) await meet(swarm, 10 * round)
    const { counters } = swarm.peers[2]!.averager
    t.true(counters.ok >= 3, JSON.stringify(counters.failed))
    await swarm.stop()
  })
}
