import test from 'ava'
import { memoryNetwork } from '../../../src/network/memory.ts'

const PROTOCOL = '/murmuration/test/1.0.0'
const signal = AbortSignal.timeout(20_000)

async function pair() {
  const network = memoryNetwork()
  const [a, b] = [network.transport('a'), network.transport('b')]
  await a.start()
  await b.start()
  await a.dial('/memory/b', signal)
  return { network, a, b }
}

test('a cut link breaks its streams and is refused until it is mended', async t => {
  const { network, a, b } = await pair()
  await b.handle(PROTOCOL, async channel => void (await channel.receive(signal)))
  const channel = await a.open('b', PROTOCOL, signal)
  const waiting = t.throwsAsync(channel.receive(signal), { code: 'CHANNEL_BROKEN' })
  network.cut('b', 'a')
  await waiting
  t.deepEqual([a.connected(), b.connected()], [[], []])
  await t.throwsAsync(a.dial('/memory/b', signal), { code: 'PEER_UNREACHABLE' })
  network.mend('a', 'b')
  t.is(await a.dial('/memory/b', signal), 'b')
})

test('a peer killed in the middle of a stream leaves its partner with an error and part of the bytes', async t => {
  const { network, a, b } = await pair()
  let received = 0
  const outcome = Promise.withResolvers<unknown>()
  await b.handle(PROTOCOL, async channel => {
    try {
      for await (const chunk of channel.receiveBulk(2 ** 20, signal)) received += chunk.byteLength
    } catch (error) {
      outcome.resolve(error)
    }
  })
  const channel = await a.open('b', PROTOCOL, signal)
  network.kill('a', 300_000)
  await t.throwsAsync(channel.sendBulk([new Uint8Array(2 ** 20)], signal), { code: 'CHANNEL_BROKEN' })
  t.is(((await outcome.promise) as { code: string }).code, 'CHANNEL_BROKEN')
  t.true(received > 0 && received < 300_000, String(received))
  t.deepEqual(b.connected(), [])
  await t.throwsAsync(b.dial('/memory/a', signal), { code: 'PEER_UNREACHABLE' })
  await t.throwsAsync(a.publish('news', Uint8Array.of(1)), { code: 'CANCELLED' })
})

test('what the receiver gets is its own', async t => {
  const { a, b } = await pair()
  const sent = Uint8Array.of(1, 2, 3)
  await b.handle(PROTOCOL, async channel => {
    for await (const chunk of channel.receiveBulk(3, signal)) chunk.fill(9)
    await channel.send(Uint8Array.of(0), signal)
  })
  const channel = await a.open('b', PROTOCOL, signal)
  await channel.sendBulk([sent], signal)
  await channel.receive(signal)
  t.deepEqual([...sent], [1, 2, 3])
})
