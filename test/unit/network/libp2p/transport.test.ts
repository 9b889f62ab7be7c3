import { multiaddr } from '@multiformats/multiaddr'
import test, { type ExecutionContext } from 'ava'
import { framedChannel } from '../../../../src/network/framed-channel.ts'
import { temporaryIdentity } from '../../../../src/network/libp2p/identity.ts'
import { createNode } from '../../../../src/network/libp2p/node.ts'
import { libp2pByteStream } from '../../../../src/network/libp2p/stream.ts'
import { type Libp2pTransportInit, libp2pTransport } from '../../../../src/network/libp2p/transport.ts'
import type { Transport } from '../../../../src/network/transport.ts'

const signal = AbortSignal.timeout(20_000)
const STRANGER = '12D3KooWDMBkWTkUtTLtWU5pCJdUH4vbQtvnv9UJNkGBQrTtKmCv'

async function start(t: ExecutionContext, init: Libp2pTransportInit = {}): Promise<Transport> {
  const transport = await libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'], neighbours: 0, ...init })
  t.teardown(() => transport.stop())
  await transport.start()
  return transport
}

test('a port in use is named, whichever of several it is', async t => {
  const taken = (await start(t)).addresses()[0]!.replace(/\/p2p\/.*/, '')
  const second = await libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0', taken] })
  const error = await t.throwsAsync(second.start(), { code: 'PORT_IN_USE' })
  t.is(error?.message, `The listen address ${taken} is already in use`)
  await second.stop()
})

test('an address of another machine cannot be listened on', async t => {
  const transport = await libp2pTransport({ listen: ['/ip4/192.0.2.77/tcp/4001'] })
  const error = await t.throwsAsync(transport.start(), { code: 'PORT_IN_USE' })
  t.is(error?.message, 'The listen address /ip4/192.0.2.77/tcp/4001 is not an address of this machine')
})

test('another peer than the one named is not taken for it', async t => {
  const [near, far] = [await start(t), await start(t)]
  const wrong = far.addresses()[0]!.replace(/[^/]+$/, STRANGER)
  const error = await t.throwsAsync(near.dial(wrong, signal), { code: 'PEER_UNREACHABLE' })
  t.is(error?.message, `Cannot reach ${wrong}: another peer than the one named answered there`)
})

test('what is announced replaces what is listened on', async t => {
  const peer = await start(t, { announce: ['/dns4/murmur.example.org/tcp/4001'] })
  t.deepEqual(peer.addresses(), [`/dns4/murmur.example.org/tcp/4001/p2p/${peer.id}`])
})

test('malformed settings are refused before anything is started', async t => {
  await t.throwsAsync(libp2pTransport({ listen: ['here'] }), { code: 'USAGE', message: /`listen`.*"here"/ })
  await t.throwsAsync(libp2pTransport({ announce: ['here'] }), { code: 'USAGE', message: /`announce`/ })
  await t.throwsAsync(libp2pTransport({ bootstrap: ['/ip4/192.0.2.1/tcp/1'] }), { code: 'INVITATION_MALFORMED' })
  await t.throwsAsync(libp2pTransport({ neighbours: -1 }), { code: 'USAGE', message: /`neighbours`.*>= 0, got -1/ })
  await t.throwsAsync(libp2pTransport({ discoveryMs: 1 }), { code: 'USAGE', message: /`discoveryMs`.*>= 50, got 1/ })
})

test('a peer that answers the question for peers with nonsense does no harm', async t => {
  const answers = [
    'not json',
    '{"peers":[{"id":"nobody","addresses":["/ip4/127.0.0.1/tcp/1"]}]}',
    JSON.stringify({ peers: Array(33).fill({ id: STRANGER, addresses: [] }) }),
    JSON.stringify({ peers: [{ id: STRANGER, addresses: ['x', '/ip4/127.0.0.1/tcp/1'] }] }),
  ]
  const privateKey = await temporaryIdentity()
  const listen = [multiaddr('/ip4/127.0.0.1/tcp/0')]
  const liar = await createNode({
    privateKey,
    listen,
    announce: [],
    mdns: false,
    relayClient: false,
    relayServer: undefined,
  })
  t.teardown(() => liar.stop())
  await liar.start()
  let asked = 0
  const done = Promise.withResolvers<void>()
  await liar.handle('/murmuration/peers/1.0.0', async (stream, connection) => {
    const peer = connection.remotePeer.toString()
    const channel = framedChannel(peer, libp2pByteStream(peer, stream))
    await channel.receive(signal)
    const answer = answers[asked++]
    if (answer === undefined) return done.resolve()
    await channel.send(new TextEncoder().encode(answer), signal)
  })
  const victim = await start(t, { discoveryMs: 50, neighbours: 8 })
  await victim.subscribe('news', () => 'accept')
  await victim.dial(liar.getMultiaddrs()[0]!.toString(), signal)
  await done.promise
  t.deepEqual(victim.connected(), [liar.peerId.toString()])
})

test('a question for peers that makes no sense is not answered', async t => {
  const [asker, asked] = [await start(t), await start(t)]
  await asker.dial(asked.addresses()[0]!, signal)
  for (const question of ['{}', '{"topics":"all"}', JSON.stringify({ topics: Array(17).fill('t') }), '[']) {
    const channel = await asker.open(asked.id, '/murmuration/peers/1.0.0', signal)
    await channel.send(new TextEncoder().encode(question), signal)
    await t.throwsAsync(channel.receive(signal), { code: 'CHANNEL_BROKEN' }, question)
  }
})
