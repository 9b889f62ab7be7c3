import test from 'ava'
import type { ExchangeOutcome } from '../../../../src/exchange/averager.ts'
import { noAveraging } from '../../../../src/exchange/averaging/no-averaging.ts'
import { pairwiseGossip } from '../../../../src/exchange/averaging/pairwise-gossip.ts'
import { float32 } from '../../../../src/exchange/compression/float32.ts'
import { AVERAGE_PROTOCOL } from '../../../../src/exchange/pairing/protocol.ts'
import type { Channel, ChannelHandler } from '../../../../src/network/transport.ts'
import { averagingSwarm } from '../../../support/averaging-pair.ts'

const LENGTH = 1000
const VALUES = float32.encodedLength(LENGTH)
const signal = new AbortController().signal
const gossip = (timeout = 20) => pairwiseGossip({ codec: 'float32', every: 1e9, timeout })

const say = (channel: Channel, message: unknown) =>
  channel.send(new TextEncoder().encode(typeof message === 'string' ? message : JSON.stringify(message)), signal)
const hear = async (channel: Channel): Promise<Record<string, unknown>> =>
  JSON.parse(new TextDecoder().decode(await channel.receive(signal)))
async function bulk(channel: Channel, length: number): Promise<void> {
  for await (const _ of channel.receiveBulk(length, signal));
}
const raw = (value: number, length = LENGTH) => [new Uint8Array(new Float32Array(length).fill(value).buffer)]

/** What partners that break the protocol do to an initiator: it costs the exchange, and the reason is counted. */
const responders: Record<string, [ExchangeOutcome, ChannelHandler]> = {
  'says garbage': ['invalid', channel => say(channel, 'garbage')],
  'says nothing': ['timed-out', (_, ended) => new Promise(resolve => ended.addEventListener('abort', () => resolve()))],
  'ends at once': ['broken', async () => {}],
  throws: ['broken', () => Promise.reject(new Error('dead'))],
  'is busy': ['busy', channel => say(channel, { type: 'refused', reason: 'busy' })],
  'refuses for no known reason': ['invalid', channel => say(channel, { type: 'refused', reason: 'mood' })],
  'answers out of order': ['invalid', channel => say(channel, { type: 'committed', weight: 1 })],
  'sends NaN': [
    'not-finite',
    async channel => {
      await hear(channel)
      await say(channel, { type: 'ready' })
      await bulk(channel, VALUES)
      await say(channel, { type: 'prepared' })
      await channel.sendBulk(raw(Number.NaN), signal)
    },
  ],
  'sends what no step could survive': [
    'invalid',
    async channel => {
      await hear(channel)
      await say(channel, { type: 'ready' })
      await bulk(channel, VALUES)
      await say(channel, { type: 'prepared' })
      await channel.sendBulk(raw(1e37), signal)
    },
  ],
  'sends too little': [
    'broken',
    async channel => {
      await hear(channel)
      await say(channel, { type: 'ready' })
      await bulk(channel, VALUES)
      await say(channel, { type: 'prepared' })
      await channel.sendBulk(raw(1, LENGTH - 1), signal)
    },
  ],
}

for (const [what, [expected, handler]] of Object.entries(responders)) {
  test(`a partner that ${what}: ${expected}`, async t => {
    const pair = await averagingSwarm({
      peers: 2,
      groups: [LENGTH],
      factory: components => {
        if (components.transport.id === 'peer-000') return gossip(expected === 'timed-out' ? 0.05 : 20)(components)
        const rogue = noAveraging()(components)
        rogue.start = () => components.transport.handle(AVERAGE_PROTOCOL, handler)
        return rogue
      },
    })
    const { host, averager, events } = pair.peers[0]!
    t.is(await averager.exchange('shard-0'), expected)
    t.deepEqual(averager.counters.failed, { [expected]: 1 })
    t.like(events.at(-1), { type: 'exchange', role: 'initiator', outcome: expected, weight: 0 })
    t.deepEqual(host.values.slice(), host.initial)
    await pair.stop()
  })
}

/** What a responder answers to offers that it cannot take. */
const offers: Record<string, [string, Record<string, unknown>]> = {
  'another run': ['mismatch', { run: 'other' }],
  'another shard': ['mismatch', { shard: 'shard-9' }],
  'another length': ['mismatch', { length: LENGTH + 1 }],
  'another version': ['mismatch', { version: 2 }],
  'an unknown codec': ['mismatch', { codec: 'toString' }],
}

for (const [what, [expected, change]] of Object.entries(offers)) {
  test(`an offer of ${what}: ${expected}`, async t => {
    const pair = await averagingSwarm({ peers: 2, groups: [LENGTH], factory: gossip() })
    const channel = await pair.peers[0]!.transport.open(pair.peers[1]!.id, AVERAGE_PROTOCOL, signal)
    await say(channel, { ...offer(), ...change })
    t.deepEqual(await hear(channel), { type: 'refused', reason: expected })
    await pair.peers[1]!.averager.stop(signal)
    t.like(pair.peers[1]!.events.at(-1), { role: 'responder', outcome: expected })
    await pair.stop()
  })
}

test('values that are not finite are refused, and the next exchange goes well', async t => {
  const pair = await averagingSwarm({ peers: 2, groups: [LENGTH], factory: gossip() })
  const [a, b] = pair.peers
  const channel = await a!.transport.open(b!.id, AVERAGE_PROTOCOL, signal)
  await say(channel, offer())
  t.like(await hear(channel), { type: 'ready' })
  await channel.sendBulk(raw(Number.NaN), signal)
  t.deepEqual(await hear(channel), { type: 'refused', reason: 'not-finite' })
  t.deepEqual(b!.host.values.slice(), b!.host.initial)
  t.is(await a!.averager.exchange('shard-0'), 'ok')
  await pair.stop()
})

test('garbage resets the stream and nothing else', async t => {
  const pair = await averagingSwarm({ peers: 2, groups: [LENGTH], factory: gossip() })
  const [a, b] = pair.peers
  for (const message of ['', 'null', '{"type":"offer"}', JSON.stringify({ ...offer(), id: 'no-uuid' })]) {
    const channel = await a!.transport.open(b!.id, AVERAGE_PROTOCOL, signal)
    await say(channel, message)
    await t.throwsAsync(channel.receive(signal), { code: 'CHANNEL_BROKEN' })
  }
  t.is(await a!.averager.exchange('shard-0'), 'ok')
  await pair.stop()
})

test('a delta is applied for its own initiator only, and only while it is prepared', async t => {
  const pair = await averagingSwarm({ peers: 3, groups: [LENGTH], factory: gossip() })
  const [a, b, thief] = pair.peers
  const message = offer()
  const channel = await a!.transport.open(b!.id, AVERAGE_PROTOCOL, signal)
  await say(channel, message)
  await hear(channel)
  await channel.sendBulk(raw(0), signal)
  await hear(channel)
  await bulk(channel, VALUES)
  const commit = { type: 'commit', id: message.id, weight: 1 }
  // Before: the stream breaks, and somebody else tries to commit.
  channel.abort(new Error('gone'))
  const ask = async (from: typeof a) => {
    const again = await from!.transport.open(b!.id, AVERAGE_PROTOCOL, signal)
    await say(again, commit)
    return await hear(again)
  }
  t.deepEqual(await ask(thief), { type: 'unknown' })
  t.deepEqual(b!.host.values.slice(), b!.host.initial)
  t.deepEqual(await ask(a), { type: 'committed', weight: 1 })
  t.deepEqual(await ask(a), { type: 'committed', weight: 1 })
  t.deepEqual(
    b!.host.values.slice(),
    b!.host.initial.map(value => value / 2),
  )
  t.is(b!.averager.counters.served, 1)
  t.is(b!.events.filter(event => event.type === 'warning' && event.reason === 'commit-unknown').length, 1)
  await pair.stop()
})

test('partners wait for their turn; too many are told that it is busy', async t => {
  const pair = await averagingSwarm({ peers: 7, groups: [LENGTH], factory: gossip() })
  const responder = pair.peers[0]!
  const channels = await Promise.all(
    pair.peers.slice(1).map(peer => peer.transport.open(responder.id, AVERAGE_PROTOCOL, signal)),
  )
  for (const channel of channels) await say(channel, offer())
  t.deepEqual(await hear(channels[0]!), { type: 'ready' })
  t.deepEqual(await hear(channels[4]!), { type: 'refused', reason: 'busy' })
  t.deepEqual(await hear(channels[5]!), { type: 'refused', reason: 'busy' })
  channels[0]!.abort(new Error('gone'))
  t.deepEqual(await hear(channels[1]!), { type: 'ready' })
  await pair.stop()
})

test('the policy of either side holds for both', async t => {
  const pair = await averagingSwarm({
    peers: 2,
    groups: [LENGTH],
    factory: pairwiseGossip({ every: 1e9, codec: 'float32', staleness: { policy: 'bounded', bound: 3 } }),
  })
  const [a, b] = pair.peers
  for (const [stale, outcome] of [
    [a, 'too-stale'],
    [b, 'too-stale'],
    [undefined, 'ok'],
  ] as const) {
    // Local steps that go by between a snapshot and the application.
    const snapshot = stale?.host.snapshot.bind(stale.host)
    if (stale && snapshot) {
      stale.host.snapshot = async (offset, into) => {
        const stamp = await snapshot(offset, into)
        stale.averager.onStep(stamp.step + 4)
        return stamp
      }
    }
    t.is(await a!.averager.exchange('shard-0'), outcome)
    t.is(a!.host.values[0] === a!.host.initial[0], outcome === 'too-stale')
    t.is(b!.host.values[0] === b!.host.initial[0], outcome === 'too-stale')
    if (stale && snapshot) stale.host.snapshot = snapshot
    a!.averager.onStep(0)
    b!.averager.onStep(0)
  }
  await pair.stop()
})

test('the smaller weight of both sides holds for both', async t => {
  for (const slow of [0, 1]) {
    const pair = await averagingSwarm({
      peers: 2,
      groups: [LENGTH],
      factory: pairwiseGossip({ every: 1e9, codec: 'float32', staleness: { policy: 'polynomial', exponent: 0.5 } }),
    })
    const { host, averager } = pair.peers[slow]!
    const snapshot = host.snapshot.bind(host)
    host.snapshot = async (offset, into) => {
      const stamp = await snapshot(offset, into)
      averager.onStep(stamp.step + 3)
      return stamp
    }
    t.is(await pair.peers[0]!.averager.exchange('shard-0'), 'ok')
    await Promise.all(pair.peers.map(peer => peer.averager.stop(signal)))
    for (const { events } of pair.peers) t.like(events.at(-1), { type: 'exchange', outcome: 'ok', weight: 0.5 })
    const [a, b] = pair.peers.map(peer => peer.host)
    t.true(a!.values.every((value, i) => Math.abs(value - (0.75 * a!.initial[i]! + 0.25 * b!.initial[i]!)) < 1e-6))
    t.true(b!.values.every((value, i) => Math.abs(value - (0.75 * b!.initial[i]! + 0.25 * a!.initial[i]!)) < 1e-6))
    await pair.stop()
  }
})

test('nobody to average with is counted', async t => {
  const pair = await averagingSwarm({ peers: 1, groups: [LENGTH], factory: gossip() })
  t.is(await pair.peers[0]!.averager.exchange('shard-0'), 'no-partner')
  await pair.stop()
})

test('options are checked', t => {
  t.throws(() => pairwiseGossip({ every: 0 }), { message: 'Expected `every` to be an integer >= 1, got 0' })
  t.throws(() => pairwiseGossip({ timeout: 0 }), { message: 'Expected `timeout` to be a number of seconds > 0, got 0' })
})

function offer() {
  const id = crypto.randomUUID()
  return { type: 'offer', version: 1, run: 'run', id, shard: 'shard-0', length: LENGTH, codec: 'float32' }
}
