import test from 'ava'
import { layoutParameters } from '../../../../src/core/layout.ts'
import { sharedFloats } from '../../../../src/core/parameters.ts'
import { random } from '../../../../src/core/random.ts'
import { memoryNetwork } from '../../../../src/network/memory.ts'
import type { ChannelHandler, Transport } from '../../../../src/network/transport.ts'
import { layoutDigest } from '../../../../src/peer/handover/layout-digest.ts'
import { fetchState, serveState } from '../../../../src/peer/handover/state.ts'
import { STATE_PROTOCOL } from '../../../../src/peer/handover/state-protocol.ts'
import { faultyTransport } from '../../../support/faulty-transport.ts'
import { LocalHost } from '../../../support/local-host.ts'
import { virtualClock } from '../../../support/virtual-clock.ts'

const layout = layoutParameters(
  Array.from({ length: 4 }, (_, group) => ({ name: `t${group}`, shape: [30_000], group })),
  4,
)
const signal = new AbortController().signal

/** Sources s0, s1... that hold different parameters, and a joiner that knows them. */
async function swarm(
  sources: number,
  wrap: (transport: Transport, source: number) => Transport = t => t,
  ready: (source: number) => boolean = () => true,
) {
  const network = memoryNetwork()
  const clock = virtualClock()
  const hosts: LocalHost[] = []
  const ids = Array.from({ length: sources }, (_, i) => `s${i}`)
  for (const [i, id] of ids.entries()) {
    const transport = wrap(network.transport(id), i)
    await transport.start()
    const stream = random(id)
    const host = new LocalHost(
      Float32Array.from({ length: layout.length }, () => stream.normal()),
      stream,
    )
    host.step = 100 + i
    hosts.push(host)
    const progress = () => ({ step: host.step, tokens: host.step * 10 })
    await serveState({ transport, parameters: host, layout, run: 'run', clock, progress, ready: () => ready(i) })
  }
  const joiner = async (id: string, options: { run?: string; candidates?: () => readonly string[] } = {}) => {
    const transport = network.transport(id)
    await transport.start()
    for (const source of [...ids, 'rogue']) await transport.learn(source, [`/memory/${source}`])
    const into = sharedFloats(layout.length)
    const fetching = fetchState(
      { transport, candidates: options.candidates ?? (() => ids), layout, run: options.run ?? 'run', clock },
      into,
      signal,
    )
    fetching.catch(() => {})
    return { fetching, into, transport }
  }
  return { network, clock, hosts, joiner }
}

test('a joiner gets the parameters, bit for bit', async t => {
  const { hosts, joiner } = await swarm(1)
  const { fetching, into } = await joiner('j')
  t.deepEqual(await fetching, { step: 100, tokens: 1000, sources: ['s0'], failures: [] })
  t.deepEqual(into.slice(), hosts[0]!.initial)
})

test('a source that is still a joiner itself is passed over', async t => {
  const { hosts, joiner } = await swarm(2, undefined, source => source === 1)
  const { fetching, into } = await joiner('j')
  t.deepEqual((await fetching).sources, ['s1'])
  t.deepEqual(into.slice(), hosts[1]!.initial)
})

for (let operation = 0; operation < 9; operation++) {
  for (const when of ['before', 'after'] as const) {
    test(`a source that dies ${when} operation ${operation}: the rest comes from another`, async t => {
      let kill = () => {}
      const { network, clock, hosts, joiner } = await swarm(2, (transport, source) =>
        source > 0
          ? transport
          : faultyTransport(transport, crossing => {
              if (crossing.operation !== operation || crossing.when !== when) return false
              kill()
              return true
            }),
      )
      kill = () => network.kill('s0')
      const { fetching, into } = await joiner('j')
      await clock.advance(3000)
      const state = await fetching
      t.is(state.sources.at(-1), 's1')
      t.is(state.step, 101)
      // Operations: ask, manifest, then a request and its values for each shard.
      const kept = Math.max(0, Math.floor((operation - 2 + (when === 'after' ? 1 : 0)) / 2))
      for (const [k, shard] of layout.shards.entries()) {
        const got = into.slice(shard.offset, shard.offset + shard.length)
        const from = (host: LocalHost) => host.initial.slice(shard.offset, shard.offset + shard.length)
        const first = Buffer.compare(Buffer.from(got.buffer), Buffer.from(from(hosts[0]!).buffer)) === 0
        // The last shard before the death may have arrived in full or been lost with the stream.
        if (first) t.true(k < kept, `shard ${k}`)
        else t.deepEqual(got, from(hosts[1]!))
      }
    })
  }
}

test('shards that were verified are not fetched again', async t => {
  let sent = 0
  const { network, clock, joiner } = await swarm(2, (transport, source) =>
    faultyTransport(transport, ({ kind, operation, when }) => {
      if (kind === 'sendBulk' && when === 'before') sent += 1
      if (source === 0 && operation === 6 && when === 'before') {
        network.kill('s0') // two shards are there, the third was asked for
        return true
      }
      return false
    }),
  )
  const { fetching } = await joiner('j')
  await clock.advance(3000)
  t.deepEqual((await fetching).sources, ['s0', 's1'])
  t.is(sent, 4)
})

const say = (content: unknown) => new TextEncoder().encode(JSON.stringify(content))
const manifest = (change: object = {}) =>
  say({
    type: 'manifest',
    step: 1,
    tokens: 1,
    shards: layout.shards.map(({ name, length }) => ({ name, length, sha256: '0'.repeat(64), ...change })),
  })
const rogues: Record<string, ChannelHandler> = {
  'says garbage': channel => channel.send(new Uint8Array([1, 2, 3]), signal),
  'claims other lengths': channel => channel.send(manifest({ length: 3 }), signal),
  'ends in the middle': async channel => {
    await channel.send(manifest(), signal)
    await channel.sendBulk([new Uint8Array(1000)], signal)
  },
  'sends other values than it announced': async channel => {
    await channel.send(manifest(), signal)
    for (let i = 0; i < 2; i++) await channel.receive(signal)
    await channel.sendBulk([new Uint8Array(120_000)], signal)
  },
  'sends NaN': async channel => {
    await channel.send(manifest(), signal)
    for (let i = 0; i < 2; i++) await channel.receive(signal)
    await channel.sendBulk([new Uint8Array(120_000).fill(0xff)], signal)
  },
}

for (const [what, handler] of Object.entries(rogues)) {
  test(`a source that ${what} is dropped with a reason`, async t => {
    const { network, hosts, joiner } = await swarm(1)
    const rogue = network.transport('rogue')
    await rogue.start()
    await rogue.handle(STATE_PROTOCOL, handler)
    const { fetching, into } = await joiner('j', { candidates: () => ['rogue', 's0'] })
    const { sources, failures } = await fetching
    t.deepEqual(sources, ['s0'])
    t.is(failures.length, 1)
    t.is(failures[0]!.peer, 'rogue')
    t.deepEqual(into.slice(), hosts[0]!.initial)
  })
}

test('a peer that is still starting is waited for, a minute', async t => {
  const { network, clock, joiner } = await swarm(0)
  const late = network.transport('rogue')
  await late.start()
  const patient = await joiner('patient', { candidates: () => ['rogue'] })
  await clock.advance(30_000)
  const stream = random('late')
  const host = new LocalHost(
    Float32Array.from({ length: layout.length }, () => stream.normal()),
    stream,
  )
  const progress = () => ({ step: 7, tokens: 70 })
  const serving = { transport: late, parameters: host, layout, run: 'run', clock, progress, ready: () => true }
  await serveState(serving)
  await clock.advance(2000)
  t.deepEqual(await patient.fetching, { step: 0, tokens: 70, sources: ['rogue'], failures: [] })
  t.deepEqual(patient.into.slice(), host.initial)
})

test('a peer that never hands anything over is given up', async t => {
  const { network, clock, joiner } = await swarm(0)
  await network.transport('rogue').start()
  const { fetching } = await joiner('j', { candidates: () => ['rogue'] })
  await clock.advance(70_000)
  await t.throwsAsync(fetching, { code: 'STATE_UNAVAILABLE', message: /does not speak/ })
})

test('nobody, another run, or NaN everywhere: STATE_UNAVAILABLE', async t => {
  const { clock, hosts, joiner } = await swarm(1)
  const nobody = await joiner('a', { candidates: () => [] })
  const other = await joiner('b', { run: 'other' })
  await clock.advance(10_000)
  await t.throwsAsync(nobody.fetching, { code: 'STATE_UNAVAILABLE' })
  await t.throwsAsync(other.fetching, { code: 'STATE_UNAVAILABLE', message: /refused: mismatch/ })
  hosts[0]!.values[5] = Number.NaN
  const sick = await joiner('c')
  await clock.advance(10_000)
  await t.throwsAsync(sick.fetching, { code: 'STATE_UNAVAILABLE', message: /refused: not-finite/ })
})

test('many joiners are served a few at a time, from one copy while they overlap', async t => {
  const { clock, hosts, joiner } = await swarm(1)
  let snapshots = 0
  const snapshot = hosts[0]!.snapshot.bind(hosts[0])
  hosts[0]!.snapshot = (offset, into) => {
    snapshots += 1
    return snapshot(offset, into)
  }
  const joiners = await Promise.all(Array.from({ length: 6 }, (_, i) => joiner(`j${i}`)))
  for (let i = 0; i < 20; i++) await clock.advance(1000)
  for (const { fetching, into } of joiners) {
    t.deepEqual((await fetching).sources, ['s0'])
    t.deepEqual(into.slice(), hosts[0]!.initial)
  }
  t.true(snapshots <= 3, `${snapshots} snapshots for 6 joiners`)
})

test('the layout digest names tensors, shapes and shards', t => {
  const specs = [
    { name: 'a', shape: [2, 3], group: 0 },
    { name: 'b', shape: [4], group: 1 },
  ]
  const digest = layoutDigest(layoutParameters(specs, 2))
  t.is(layoutDigest(layoutParameters(structuredClone(specs), 2)), digest)
  t.not(layoutDigest(layoutParameters(specs, 1)), digest)
  t.not(layoutDigest(layoutParameters([{ ...specs[0]!, shape: [3, 2] }, specs[1]!], 2)), digest)
  t.not(layoutDigest(layoutParameters([{ ...specs[0]!, name: 'c' }, specs[1]!], 2)), digest)
})
