import test from 'ava'
import { random } from '../../../src/core/random.ts'
import type { TelemetryEvent } from '../../../src/core/telemetry.ts'
import { type Membership, type MembershipInit, membership } from '../../../src/network/membership.ts'
import { memoryNetwork } from '../../../src/network/memory.ts'
import type { Transport } from '../../../src/network/transport.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const HEARTBEAT = 1000
const TIMEOUT = 5000
const TOPIC = 'murmuration/run/status'

/** Peers on one memory network, in virtual time. */
class Swarm {
  readonly network = memoryNetwork()
  readonly clock = virtualClock()
  readonly transports = new Map<string, Transport>()
  readonly memberships = new Map<string, Membership>()
  readonly events: (TelemetryEvent & { of: string })[] = []
  readonly signal = new AbortController().signal

  async peer(name: string, neighbours: string[] = [], init: Partial<MembershipInit> = {}): Promise<Membership> {
    const transport = this.network.transport(name)
    this.transports.set(name, transport)
    await transport.start()
    for (const each of neighbours) await transport.dial(`/memory/${each}`, this.signal)
    const telemetry = { record: (event: TelemetryEvent) => void this.events.push({ ...event, of: name }) }
    const components = { transport, clock: this.clock, random: random(name), telemetry }
    const made = membership(components, { run: 'run', heartbeatMs: HEARTBEAT, timeoutMs: TIMEOUT, ...init })
    this.memberships.set(name, made)
    made.update({ state: 'training', shards: ['shard-0'], backend: 'test' })
    await made.start(this.signal)
    return made
  }

  seenBy(name: string): string[] {
    return this.memberships
      .get(name)!
      .peers()
      .map(member => member.peer)
      .sort()
  }

  changes(of: string): string[] {
    return this.events.flatMap(event =>
      event.type === 'membership' && event.of === of ? [`${event.change} ${event.peer} ${event.live}`] : [],
    )
  }
}

test('everybody sees everybody within one heartbeat, also through others', async t => {
  const swarm = new Swarm()
  await swarm.peer('a')
  await swarm.peer('b', ['a'])
  await swarm.peer('c', ['b'])
  await swarm.peer('d', ['c'])
  await swarm.clock.advance(HEARTBEAT / 2)
  t.deepEqual(swarm.seenBy('a'), ['b', 'c', 'd'])
  t.deepEqual(swarm.seenBy('d'), ['a', 'b', 'c'])
  t.is(swarm.changes('a').length, 3)
  t.deepEqual(swarm.changes('a').at(-1)?.split(' ')[2], '4')
})

test('a status carries what its peer said last', async t => {
  const swarm = new Swarm()
  const a = await swarm.peer('a')
  const b = await swarm.peer('b', ['a'])
  await swarm.clock.advance(HEARTBEAT)
  b.update({ step: 12, tokens: 6144, loss: 3.25, staleness: 2, tokensPerSecond: 512.5 })
  await swarm.clock.advance(1.2 * HEARTBEAT)
  const { peer, step, tokens, loss, staleness, tokensPerSecond, backend, addresses } = a.peers()[0]!
  t.deepEqual(
    { peer, step, tokens, loss, staleness, tokensPerSecond, backend, addresses },
    {
      peer: 'b',
      step: 12,
      tokens: 6144,
      loss: 3.25,
      staleness: 2,
      tokensPerSecond: 512.5,
      backend: 'test',
      addresses: ['/memory/b'],
    },
  )
  b.update({ loss: Number.NaN, tokensPerSecond: Number.POSITIVE_INFINITY })
  await swarm.clock.advance(2 * HEARTBEAT)
  t.is(a.peers()[0]?.loss, null, 'a diverged peer is still a peer')
  t.deepEqual(a.dropped(), {})
})

test('a change of state or of shards is told at once, progress is not', async t => {
  const swarm = new Swarm()
  const a = await swarm.peer('a')
  const b = await swarm.peer('b', ['a'])
  await swarm.clock.advance(HEARTBEAT)
  const sequence = () => a.peers()[0]?.sequence
  const before = sequence()
  b.update({ step: 1 })
  await swarm.clock.advance(1)
  t.is(sequence(), before)
  b.update({ shards: ['shard-0', 'shard-1'] })
  await swarm.clock.advance(1)
  t.deepEqual(a.hosts('shard-1'), ['b'])
  b.update({ state: 'lingering' })
  await swarm.clock.advance(1)
  t.deepEqual(a.hosts('shard-0'), ['b'])
  b.update({ state: 'joining' })
  await swarm.clock.advance(1)
  t.deepEqual(a.hosts('shard-0'), [])
  t.is(a.peers().length, 1)
})

test('a peer that says goodbye has left; nobody hears from it again', async t => {
  const swarm = new Swarm()
  const a = await swarm.peer('a')
  const b = await swarm.peer('b', ['a'])
  const heard: string[] = []
  a.watch(({ change, peer, live }) => void heard.push(`${change} ${peer} ${live}`))
  await swarm.clock.advance(HEARTBEAT)
  await b.stop(swarm.signal)
  await swarm.transports.get('b')?.stop()
  await swarm.clock.advance(2 * TIMEOUT)
  t.deepEqual(heard, ['joined b 2', 'left b 1'])
  t.deepEqual(swarm.changes('a'), heard)
})

test('a killed peer is lost soon after its connection broke', async t => {
  const swarm = new Swarm()
  const a = await swarm.peer('a')
  await swarm.peer('b', ['a'])
  await swarm.clock.advance(HEARTBEAT)
  swarm.network.kill('b')
  await swarm.clock.advance(1)
  t.deepEqual(a.hosts('shard-0'), [], 'nobody is sent to it in the meantime')
  t.deepEqual(swarm.seenBy('a'), ['b'])
  await swarm.clock.advance(1.5 * HEARTBEAT)
  t.deepEqual(swarm.changes('a'), ['joined b 2', 'lost b 1'])
})

test('a peer that falls silent without a broken connection is lost after the timeout', async t => {
  const swarm = new Swarm()
  await swarm.peer('a')
  await swarm.peer('b', ['a'])
  await swarm.clock.advance(HEARTBEAT)
  swarm.network.dropPublished(from => from === 'b')
  await swarm.clock.advance(TIMEOUT - 1.2 * HEARTBEAT)
  t.deepEqual(swarm.seenBy('a'), ['b'])
  await swarm.clock.advance(1.3 * HEARTBEAT)
  t.deepEqual(swarm.seenBy('a'), [])
  swarm.network.dropPublished(() => false)
  await swarm.clock.advance(1.2 * HEARTBEAT)
  t.deepEqual(swarm.changes('a'), ['joined b 2', 'lost b 1', 'joined b 2'])
})

test('a peer whose connection broke but who is still heard through others lives on', async t => {
  const swarm = new Swarm()
  await swarm.peer('a')
  await swarm.peer('b', ['a'])
  await swarm.peer('c', ['a', 'b'])
  await swarm.clock.advance(HEARTBEAT)
  swarm.network.cut('a', 'b')
  await swarm.clock.advance(3 * TIMEOUT)
  t.deepEqual(swarm.seenBy('a'), ['b', 'c'])
  t.false(swarm.changes('a').some(change => change.startsWith('lost')))
})

test('a peer learns where the others can be dialled', async t => {
  const swarm = new Swarm()
  await swarm.peer('a')
  await swarm.peer('b', ['a'])
  await swarm.peer('c', ['b'])
  await swarm.transports.get('c')?.handle('/murmuration/test/1.0.0', async () => {})
  await swarm.clock.advance(HEARTBEAT)
  const channel = await swarm.transports.get('a')?.open('c', '/murmuration/test/1.0.0', swarm.signal)
  t.is(channel?.peer, 'c')
})

test('what is not a status is counted by reason and changes nothing', async t => {
  const swarm = new Swarm()
  const a = await swarm.peer('a', [], { maxPeers: 1 })
  await swarm.peer('b', ['a'])
  const stranger = swarm.network.transport('stranger')
  await stranger.start()
  await stranger.dial('/memory/a', swarm.signal)
  await swarm.clock.advance(HEARTBEAT)
  const valid = a.peers()[0]!
  const { peer: _, heardAt: __, ...status } = valid
  for (const value of [
    '{',
    '{}',
    JSON.stringify({ ...status, version: 9 }),
    JSON.stringify(status),
    'x'.repeat(20_000),
  ]) {
    await stranger.publish(TOPIC, new TextEncoder().encode(value))
  }
  await swarm.clock.advance(1)
  t.deepEqual(a.dropped(), { 'not-json': 1, schema: 1, version: 1, full: 1, 'too-long': 1 })
  t.deepEqual(swarm.seenBy('a'), ['b'])
})

test('says goodbye also when the signal it was started with has fired', async t => {
  const swarm = new Swarm()
  await swarm.peer('a')
  const cancel = new AbortController()
  const transport = swarm.network.transport('b')
  await transport.start()
  await transport.dial('/memory/a', swarm.signal)
  const b = membership({ transport, clock: swarm.clock, random: random('b') }, { run: 'run', heartbeatMs: HEARTBEAT })
  await b.start(cancel.signal)
  await swarm.clock.advance(HEARTBEAT)
  cancel.abort()
  await swarm.clock.advance(2 * TIMEOUT)
  t.deepEqual(swarm.seenBy('a'), ['b'], 'it is still there')
  await b.stop(swarm.signal)
  await b.stop(swarm.signal)
  await swarm.clock.advance(1)
  t.deepEqual(swarm.changes('a'), ['joined b 2', 'left b 1'])
})

test('nothing is published after the goodbye', async t => {
  const swarm = new Swarm()
  await swarm.peer('a')
  const b = await swarm.peer('b', ['a'])
  await swarm.clock.advance(HEARTBEAT)
  const heard: string[] = []
  const listener = swarm.network.transport('listener')
  await listener.start()
  await listener.subscribe(TOPIC, from => {
    heard.push(from)
    return 'accept'
  })
  await listener.dial('/memory/b', swarm.signal)
  await b.stop(swarm.signal)
  b.update({ state: 'training' })
  await swarm.clock.advance(2 * TIMEOUT)
  t.is(heard.filter(from => from === 'b').length, 1)
})

test('refuses settings that make no sense', t => {
  const components = {
    transport: memoryNetwork().transport('a'),
    clock: virtualClock(),
    random: random(1),
  }
  t.throws(() => membership(components, { run: 'r', heartbeatMs: 0 }), { code: 'USAGE', message: /`heartbeatMs`.*0/ })
  t.throws(() => membership(components, { run: 'r', heartbeatMs: 100, timeoutMs: 150 }), {
    message: /`timeoutMs`.*200/,
  })
  t.throws(() => membership(components, { run: 'r', maxPeers: 0 }), { message: /`maxPeers`/ })
})
