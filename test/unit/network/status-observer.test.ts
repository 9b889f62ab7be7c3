import test, { type ExecutionContext } from 'ava'
import { random } from '../../../src/core/random.ts'
import { membership } from '../../../src/network/membership.ts'
import { memoryNetwork } from '../../../src/network/memory.ts'
import { MAX_TOLD_EXCHANGES, type Status } from '../../../src/network/status.ts'
import { statusObserver } from '../../../src/network/status-observer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const signal = new AbortController().signal

/** Two peers of a run, and one who looks on, connected to the first. */
async function observed(t: ExecutionContext) {
  const network = memoryNetwork()
  const clock = virtualClock()
  const peers = await Promise.all(
    ['a', 'b'].map(async id => {
      const transport = network.transport(id)
      await transport.start()
      return {
        transport,
        member: membership({ transport, clock, random: random(id) }, { run: 'run', heartbeatMs: 1000 }),
      }
    }),
  )
  const [a, b] = peers as [(typeof peers)[0], (typeof peers)[0]]
  await b.transport.dial('/memory/a', signal)
  const transport = network.transport('observer')
  await transport.start()
  await transport.dial('/memory/a', signal)
  const heard: [peer: string, status: Status][] = []
  const observer = statusObserver(
    { transport, clock },
    { run: 'run', onStatus: (peer, status) => heard.push([peer, status]) },
  )
  await observer.start(signal)
  for (const { member } of peers) {
    await member.start(signal)
    member.update({ state: 'training', shards: ['shard-0'] })
  }
  await clock.advance(3000)
  t.teardown(() => Promise.all(peers.map(({ member }) => member.stop(signal))))
  return { clock, a, b, heard, observer, transport }
}

test('one who looks on hears every peer, through whoever it is connected to, and is nobody', async t => {
  const { a, b, heard } = await observed(t)
  t.deepEqual(new Set(heard.map(([peer]) => peer)), new Set(['a', 'b']))
  t.deepEqual(
    a.member.peers().map(({ peer }) => peer),
    ['b'],
  )
  t.deepEqual(b.member.hosts('shard-0'), ['a'])
})

test('a status tells of the newest exchanges since the last one, once, whatever their figures', async t => {
  const { clock, a, heard } = await observed(t)
  heard.length = 0
  const told = { partner: 'b', shard: 'shard-0', outcome: 'ok', ms: 5, staleness: 2, bytesSent: 10, bytesReceived: 9 }
  for (let i = 0; i < MAX_TOLD_EXCHANGES + 2; i++) a.member.tell({ ...told, id: `${i}`, distance: Number.NaN })
  await clock.advance(5000)
  const exchanges = heard.flatMap(([peer, status]) => (peer === 'a' ? (status.exchanges ?? []) : []))
  t.deepEqual(
    exchanges.map(({ id }) => id),
    Array.from({ length: MAX_TOLD_EXCHANGES }, (_, i) => `${i + 2}`),
  )
  t.like(exchanges[0], { ...told, distance: null })
  t.true(exchanges.every(({ ago }) => ago >= 0 && ago <= 1100))
})

test('what is no status is dropped and counted, and a stopped observer hears nothing', async t => {
  const { clock, heard, observer, a } = await observed(t)
  await a.transport.publish('murmuration/run/status', new TextEncoder().encode('{'))
  await clock.advance(10)
  t.deepEqual(observer.dropped(), { 'not-json': 1 })
  observer.stop()
  heard.length = 0
  await clock.advance(5000)
  t.is(heard.length, 0)
})
