import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { consensusDistance } from '../../../../src/core/vector.ts'
import { fragments } from '../../../../src/exchange/averaging/fragments.ts'
import { encodeFragment, fragmentTopic, MAX_FRAGMENT_VALUES } from '../../../../src/exchange/fragments/fragment.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const TOPIC = fragmentTopic('run', 'shard-0')

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate()
}

test('whoever hears a fragment moves toward it, on its coordinates alone', async t => {
  const swarm = await averagingSwarm({ peers: 3, groups: [1000], factory: fragments({ length: 100, weight: 0.5 }) })
  const [a, b, c] = swarm.peers.map(peer => peer.host)
  t.is(await swarm.peers[0]!.averager.exchange('shard-0'), 'ok')
  await settle()
  t.deepEqual(a!.values.slice(), a!.initial)
  for (const host of [b!, c!]) {
    const moved = [...host.values.keys()].filter(i => host.values[i] !== host.initial[i])
    t.true(moved.length > 90 && moved.length <= 100)
    t.true(moved.at(-1)! - moved[0]! < 100)
    // int8 knows values of at most 4 to 4/254.
    for (const i of moved) {
      const half = (host.initial[i]! + a!.initial[i]!) / 2
      t.true(Math.abs(host.values[i]! - half) < 0.01)
    }
  }
  const { averager, events } = swarm.peers[1]!
  t.is(averager.counters.served, 1)
  t.like(events[0], {
    type: 'exchange',
    role: 'responder',
    partner: 'peer-000',
    outcome: 'ok',
    weight: 0.5,
    staleness: 0,
  })
  await swarm.stop()
})

test('fragments follow each other round the shard until all agree', async t => {
  const clock = virtualClock()
  const swarm = await averagingSwarm({ peers: 4, groups: [1000], clock, factory: fragments({ length: 300 }) })
  const distance = () => consensusDistance(swarm.peers.map(({ host }) => host.values))
  const start = distance()
  for (let round = 0; round < 40; round++) {
    for (const { averager } of swarm.peers) {
      await averager.exchange('shard-0')
      await clock.advance(100)
    }
  }
  t.true(distance() < 1e-3 * start, `${distance()} of ${start}`)
  // The sum is not preserved: the mean wandered, but no further than the peers were apart.
  for (const { averager } of swarm.peers) t.deepEqual(averager.counters.dropped, {})
  await swarm.stop()
})

test('what is late weighs less, and what is too late nothing', async t => {
  for (const [policy, weight] of [
    [{ policy: 'polynomial', exponent: 1 }, 0.5],
    [{ policy: 'bounded', bound: 2 }, 0],
  ] as const) {
    const factory = fragments({ length: 1000, weight: 1, staleness: policy })
    const swarm = await averagingSwarm({ peers: 2, groups: [200], factory })
    const { host, averager, events } = swarm.peers[1]!
    host.step = weight ? 1 : 3
    await swarm.peers[0]!.averager.exchange('shard-0')
    await settle()
    t.like(events[0], { weight, staleness: host.step, outcome: weight ? 'ok' : 'too-stale' })
    t.deepEqual(averager.counters.dropped, weight ? {} : { 'too-stale': 1 })
    await swarm.stop()
  }
})

test('what strangers publish is dropped and counted, and does no harm', async t => {
  const clock = virtualClock()
  const swarm = await averagingSwarm({ peers: 2, groups: [1000], clock, factory: fragments() })
  const { host, averager, events } = swarm.peers[1]!
  const publish = async (data: Uint8Array) => {
    await swarm.peers[0]!.transport.publish(TOPIC, data)
    await settle()
    await clock.advance(1000)
  }
  await publish(new Uint8Array(10))
  await publish(encodeFragment({ step: 1, start: 999 }, new Float32Array(2)))
  await publish(encodeFragment({ step: 1, start: 0 }, new Float32Array(500).fill(1e6)))
  const damaged = encodeFragment({ step: 1, start: 0 }, new Float32Array(500))
  damaged.fill(0xff, -4 - 244) // the last block's scale is no number
  await publish(damaged)
  const { invalid = 0, 'not-finite': notFinite = 0 } = averager.counters.dropped
  t.is(invalid + notFinite, 4)
  t.true(events.every(event => event.type !== 'exchange' || event.outcome !== 'ok'))
  t.deepEqual(host.values.slice(), host.initial)
  await swarm.stop()
})

test('who floods is heard a little, and the rest is dropped', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [1000], clock: virtualClock(), factory: fragments() })
  const data = encodeFragment({ step: 1, start: 0 }, new Float32Array(100))
  for (let i = 0; i < 200; i++) await swarm.peers[0]!.transport.publish(TOPIC, data)
  await settle()
  const { averager, events } = swarm.peers[1]!
  t.is(averager.counters.served, 8)
  t.deepEqual(averager.counters.dropped, { busy: 192 })
  t.is(events.length, 8)
  await swarm.stop()
})

test('nothing is mixed after stop', async t => {
  const swarm = await averagingSwarm({ peers: 2, groups: [1000], factory: fragments() })
  const { host, averager } = swarm.peers[1]!
  await averager.stop(new AbortController().signal)
  await swarm.peers[0]!.averager.exchange('shard-0')
  await settle()
  t.deepEqual(host.values.slice(), host.initial)
  await swarm.stop()
})

test('options are checked', t => {
  t.throws(() => fragments({ length: MAX_FRAGMENT_VALUES + 1 }), { code: 'SPECIFICATION_INVALID' })
  t.throws(() => fragments({ weight: 0 }), { message: 'Expected `weight` to be a number > 0 and <= 1, got 0' })
})
