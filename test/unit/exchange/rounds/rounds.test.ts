import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { systemClock } from '../../../../src/core/clock.ts'
import { type ExchangeOutcome, zeroCounters } from '../../../../src/exchange/averager.ts'
import { wireFormat } from '../../../../src/exchange/compression/wire-format.ts'
import { LETTER_PROTOCOL } from '../../../../src/exchange/rounds/letter.ts'
import type { Meeting } from '../../../../src/exchange/rounds/meeting.ts'
import { ringMean } from '../../../../src/exchange/rounds/ring.ts'
import { type Rounds, rounds } from '../../../../src/exchange/rounds/rounds.ts'
import { memoryNetwork } from '../../../../src/network/memory.ts'
import type { Transport } from '../../../../src/network/transport.ts'
import { type Crossing, faultyTransport } from '../../../support/faulty-transport.ts'

const never = new AbortController().signal
const float32 = wireFormat('float32')
const LENGTH = 30

interface Peer {
  id: string
  transport: Transport
  rounds: Rounds
  /** Whom it takes to train. */
  view: string[]
  /** The round of its last attempt. */
  round: number
  values: Float32Array
}

interface SwarmInit {
  timeout?: number
  wrap?: (transport: Transport, id: string) => Transport
}

async function swarmOf(ids: string[], { timeout = 1_000_000, wrap = transport => transport }: SwarmInit = {}) {
  const network = memoryNetwork()
  const peers = ids.map((id): Peer => {
    const transport = wrap(network.transport(id), id)
    const peer: Peer = {
      id,
      transport,
      view: ids.filter(other => other !== id),
      round: 0,
      values: new Float32Array(LENGTH).fill(ids.indexOf(id)),
      rounds: rounds(
        { transport, clock: systemClock, run: 'run', telemetry: { record() {} }, others: () => peer.view },
        { timeout, longest: LENGTH, counters: zeroCounters() },
      ),
    }
    return peer
  })
  for (const { transport } of peers) {
    await transport.start()
    for (const id of ids) await transport.learn(id, [`/memory/${id}`])
  }
  return { network, peers }
}

/** Averages `values` with all others. */
async function average(peer: Peer, signal = never): Promise<ExchangeOutcome> {
  const mean = new Float32Array(LENGTH)
  const outcome = await peer.rounds.hold(async meeting => {
    peer.round = meeting.round
    mean.set(peer.values)
    await ringMean(meeting, mean, new Float32Array(LENGTH), 'float32')
    return 0
  }, signal)
  if (outcome === 'ok') peer.values.set(mean)
  return outcome
}

/** Gives one value to a peer and takes one from it. */
function swap(peer: Peer, other: string, signal = never): Promise<ExchangeOutcome> {
  return peer.rounds.hold(async (meeting: Meeting) => {
    peer.round = meeting.round
    await meeting.all([
      meeting.send(other, 'swap', Float32Array.of(1), float32),
      meeting.receive(other, 'swap', new Float32Array(1), float32),
    ])
    return 0
  }, signal)
}

const start = (peers: readonly Peer[]) => Promise.all(peers.map(peer => peer.rounds.start()))

test('a stream that breaks at any message: the round is tried again and comes to its mean', async t => {
  const cases = Array.from({ length: 24 }, async (_, boundary) => {
    let crossings = 0
    const fault = (_: Crossing) => crossings++ === boundary
    const { peers } = await swarmOf(['a', 'b', 'c'], {
      wrap: (transport, id) => (id === 'b' ? faultyTransport(transport, fault) : transport),
    })
    await start(peers)
    const enough = new AbortController()
    // Who had finished the round does not go through it again: the others meet it in the next one.
    await Promise.all(
      peers.map(async peer => {
        while (!enough.signal.aborted) {
          await average(peer, enough.signal)
          if (
            peers.every(({ values }) =>
              values.every(
                value => Math.abs(value - values[0]!) < 1e-6 && Math.abs(value - peers[0]!.values[0]!) < 1e-6,
              ),
            )
          )
            enough.abort()
        }
      }),
    )
    t.true(crossings > boundary)
    for (const { values } of peers) t.true(values[0]! > 0.3 && values[0]! < 1.7)
  })
  await Promise.all(cases)
})

test('a peer that dies after any number of bytes: the rest get through without it, once they know', async t => {
  const cases = [0, 1, 100, 200, 300, 400, 600, 800, 1000].map(async bytes => {
    const { peers, network } = await swarmOf(['a', 'b', 'c', 'd'])
    await start(peers)
    network.kill('b', bytes)
    const survivors = peers.filter(({ id }) => id !== 'b')
    const enough = new AbortController()
    const over = peers.map(peer => average(peer, peer.id === 'b' ? enough.signal : never))
    for (const peer of survivors) {
      const view = peer.view.filter(id => id !== 'b')
      setTimeout(() => {
        peer.view = view
      }, 50)
    }
    // Who had got through before the death goes on to the next round.
    const going = survivors.map(async peer => {
      await over[peers.indexOf(peer)]
      while (!enough.signal.aborted) {
        await average(peer, enough.signal)
        if (new Set(survivors.map(({ values }) => values[0])).size === 1) enough.abort()
      }
    })
    await Promise.all([...going, ...over])
    t.true(Number.isFinite(survivors[0]!.values[0]))
  })
  await Promise.all(cases)
})

test('peers that see other swarms do not mix, and meet as soon as they agree', async t => {
  const { peers } = await swarmOf(['a', 'b', 'c'])
  const [a, b, c] = peers as [Peer, Peer, Peer]
  await start(peers)
  b.view = ['a']
  const meeting = [average(a), average(b), average(c)]
  setTimeout(() => {
    b.view = ['a', 'c']
  }, 100)
  t.deepEqual(await Promise.all(meeting), ['ok', 'ok', 'ok'])
  for (const { values } of peers) t.is(values[0], 1)
})

test('one that was left behind is told so and is there in the same round', async t => {
  const { peers } = await swarmOf(['a', 'b'])
  const [a, b] = peers as [Peer, Peer]
  await start(peers)
  for (let round = 0; round < 100; round++) await a.rounds.hold(async () => 0, never)
  t.deepEqual(await Promise.all([swap(a, 'b'), swap(b, 'a')]), ['ok', 'ok'])
  t.deepEqual([a.round, b.round], [101, 101])
})

test('a peer that is not there yet is waited for in the same round', async t => {
  const { peers, network } = await swarmOf(['a', 'b'])
  const [a, b] = peers as [Peer, Peer]
  await start([a])
  network.cut('a', 'b')
  const waiting = swap(a, 'b')
  setTimeout(() => network.mend('a', 'b'), 100)
  setTimeout(() => b.rounds.start(), 400)
  t.deepEqual(await Promise.all([waiting, swap(b, 'a')]), ['ok', 'ok'])
  t.deepEqual([a.round, b.round], [1, 1])
})

/** Waits for a letter, and writes to nobody. */
function listen(peer: Peer, from: string, signal: AbortSignal): Promise<ExchangeOutcome> {
  return peer.rounds.hold(async meeting => {
    peer.round = meeting.round
    await meeting.receive(from, 'letter', new Float32Array(1), float32)
    return 0
  }, signal)
}

test('who waits for one that gave the round up is told so', async t => {
  const { peers } = await swarmOf(['a', 'b', 'c'])
  const [a, b] = peers as [Peer, Peer, Peer]
  await start(peers)
  const stop = new AbortController()
  const listening = listen(b, 'a', stop.signal)
  const given = new AbortController()
  await a.rounds.hold(async meeting => {
    await meeting.send('b', 'another letter', Float32Array.of(1), float32)
    given.abort()
    await meeting.receive('c', 'letter', new Float32Array(1), float32)
    return 0
  }, given.signal)
  while (b.round === 1) await turn()
  t.is(b.round, 2)
  stop.abort()
  await listening
})

test('whose letter was lost on the way need not wait for it', async t => {
  const { peers, network } = await swarmOf(['a', 'b'])
  const [a, b] = peers as [Peer, Peer]
  await start(peers)
  const sent = await a.rounds.hold(async meeting => {
    await meeting.send('b', 'letter', Float32Array.of(1), float32)
    return 0
  }, never)
  t.is(sent, 'ok')
  network.cut('a', 'b')
  network.mend('a', 'b')
  const stop = new AbortController()
  const listening = listen(b, 'a', stop.signal)
  while (b.round <= 1) await turn()
  t.is(b.round, 2)
  stop.abort()
  await listening
})

/** A letter as a peer of bad will may send it. */
async function forge(from: Transport, to: string, round: number): Promise<void> {
  const channel = await from.open(to, LETTER_PROTOCOL, never)
  const head = { version: 1, run: 'run', round, group: '', part: '', length: 1, bytes: 4, format: 'float32', notes: [] }
  await channel.send(new TextEncoder().encode(JSON.stringify(head)), never)
}

test('the absurd round of a peer that is not needed moves nobody', async t => {
  const { peers } = await swarmOf(['a', 'b', 'bad'])
  const [a, b, bad] = peers as [Peer, Peer, Peer]
  await start([a, b])
  for (let round = 1; round <= 3; round++) {
    for (const victim of ['a', 'b']) await forge(bad.transport, victim, Number.MAX_SAFE_INTEGER)
    t.deepEqual(await Promise.all([swap(a, 'b'), swap(b, 'a')]), ['ok', 'ok'])
    t.deepEqual([a.round, b.round], [round, round])
  }
})

test('the absurd round of a peer that is needed moves its partner a bounded way, and the others follow', async t => {
  const { peers } = await swarmOf(['a', 'b', 'bad'])
  const [a, b, bad] = peers as [Peer, Peer, Peer]
  await start([a, b])
  const letters: Promise<void>[] = []
  await bad.transport.handle(LETTER_PROTOCOL, async channel => {
    await channel.receive(never)
    letters.push(forge(bad.transport, 'a', Number.MAX_SAFE_INTEGER))
    await channel.send(
      new TextEncoder().encode(JSON.stringify({ version: 1, overtaken: Number.MAX_SAFE_INTEGER })),
      never,
    )
    await channel.receive(never)
  })
  const stop = new AbortController()
  const swapping = swap(a, 'bad', stop.signal)
  while (a.round <= 1) await turn()
  stop.abort()
  t.is(await swapping, 'cancelled')
  await Promise.all(letters)
  t.true(a.round > 2 ** 20 && a.round < 2 ** 40, String(a.round))
  t.deepEqual(await Promise.all([swap(a, 'b'), swap(b, 'a')]), ['ok', 'ok'])
  t.is(b.round, a.round)
})

test('values that are not finite cost the round and its reason is told', async t => {
  const { peers } = await swarmOf(['a', 'b'])
  const [a, b] = peers as [Peer, Peer]
  await start(peers)
  const raw = {
    name: 'float32',
    encoding: {
      ...float32.encoding,
      *encode() {
        yield new Uint8Array(Float32Array.of(Number.NaN).buffer)
      },
    },
  }
  const stop = new AbortController()
  const bad = b.rounds.hold(async meeting => {
    await meeting.send('a', 'swap', Float32Array.of(1), raw)
    return 0
  }, stop.signal)
  t.is(await swap(a, 'b'), 'not-finite')
  stop.abort()
  await bad
  t.deepEqual(await Promise.all([swap(a, 'b'), swap(b, 'a')]), ['ok', 'ok'])
})
