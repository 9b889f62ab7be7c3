import test, { type ExecutionContext } from 'ava'
import { createBootstrapNode } from '../../../../src/network/libp2p/bootstrap-node.ts'
import { temporaryIdentity } from '../../../../src/network/libp2p/identity.ts'
import { type Libp2pTransportInit, libp2pTransport } from '../../../../src/network/libp2p/transport.ts'
import type { Transport } from '../../../../src/network/transport.ts'

const listen = ['/ip4/127.0.0.1/tcp/0']
const topic = 'murmuration/run/status'

async function peer(t: ExecutionContext, init: Libp2pTransportInit = {}): Promise<Transport> {
  const transport = await libp2pTransport({ listen, discoveryMs: 100, ...init })
  t.teardown(() => transport.stop())
  await transport.start()
  await transport.subscribe(topic, () => 'accept')
  return transport
}

/** Resolves when each of the peers is connected to all the others. */
async function allConnected(peers: readonly Transport[]): Promise<void> {
  const missing = (from: Transport) => peers.some(each => each !== from && !from.connected().includes(each.id))
  await Promise.all(
    peers.map(
      from =>
        new Promise<void>(resolve => {
          const stop = from.watch(() => {
            if (missing(from)) return
            stop()
            resolve()
          })
          if (!missing(from)) resolve()
        }),
    ),
  )
}

test.serial('peers that know only a bootstrap node find each other, and go on when it is gone', async t => {
  t.timeout(60_000)
  const bootstrapNode = await createBootstrapNode({ listen })
  t.teardown(() => bootstrapNode.stop())
  await bootstrapNode.start()
  const bootstrap = bootstrapNode.addresses()
  const peers = await Promise.all(Array.from({ length: 8 }, () => peer(t, { bootstrap })))
  await allConnected(peers)
  t.is(bootstrapNode.connected().length, 8)

  await bootstrapNode.stop()
  const newcomer = await peer(t)
  await newcomer.dial(peers[3]!.addresses()[0]!, AbortSignal.timeout(50_000))
  await allConnected([...peers, newcomer])
  const arrived = Promise.withResolvers<string>()
  await newcomer.subscribe('murmuration/run/other', from => {
    arrived.resolve(from)
    return 'accept'
  })
  const again = setInterval(() => peers[0]!.publish('murmuration/run/other', Uint8Array.of(1)), 50)
  t.teardown(() => clearInterval(again))
  t.is(await arrived.promise, peers[0]!.id)
})

test.serial('a bootstrap node that starts later, or again, is found', async t => {
  t.timeout(60_000)
  const privateKey = await temporaryIdentity()
  const first = await createBootstrapNode({ listen, privateKey })
  await first.start()
  const bootstrap = first.addresses()
  await first.stop()
  const peers = await Promise.all([peer(t, { bootstrap }), peer(t, { bootstrap })])
  const second = await createBootstrapNode({ listen: [bootstrap[0]!.replace(/\/p2p\/.*/, '')], privateKey })
  t.teardown(() => second.stop())
  await second.start()
  await allConnected(peers)
  t.pass()
})

test.serial('a bootstrap node brings the peers of each run together, not those of different runs', async t => {
  t.timeout(60_000)
  const bootstrapNode = await createBootstrapNode({ listen })
  t.teardown(() => bootstrapNode.stop())
  await bootstrapNode.start()
  const bootstrap = bootstrapNode.addresses()
  const join = async (run: string) => {
    const transport = await libp2pTransport({ listen, bootstrap, discoveryMs: 100 })
    t.teardown(() => transport.stop())
    await transport.subscribe(`murmuration/${run}/status`, () => 'accept')
    await transport.start()
    return transport
  }
  const one = await Promise.all(Array.from({ length: 3 }, () => join('one')))
  const two = await Promise.all(Array.from({ length: 3 }, () => join('two')))
  await Promise.all([allConnected(one), allConnected(two)])
  const strangers = new Set(two.map(each => each.id))
  t.deepEqual(
    one.flatMap(each => each.connected()).filter(id => strangers.has(id)),
    [],
  )
})

test.serial('a peer that listens nowhere is reached through the bootstrap node', async t => {
  t.timeout(60_000)
  const bootstrapNode = await createBootstrapNode({ listen })
  t.teardown(() => bootstrapNode.stop())
  await bootstrapNode.start()
  const bootstrap = bootstrapNode.addresses()
  const hidden = await peer(t, { listen: [], bootstrap, relay: { client: true }, neighbours: 0 })
  await hidden.handle('/murmuration/test/1.0.0', async (channel, signal) => {
    for await (const chunk of channel.receiveBulk(1 << 20, signal)) await channel.sendBulk([chunk], signal)
  })
  while (hidden.addresses().length === 0) await new Promise(resolve => setTimeout(resolve, 20))
  t.regex(hidden.addresses()[0]!, /p2p-circuit/)

  const visitor = await peer(t, { relay: { client: true }, neighbours: 0 })
  const signal = AbortSignal.timeout(50_000)
  t.is(await visitor.dial(hidden.addresses()[0]!, signal), hidden.id)
  const channel = await visitor.open(hidden.id, '/murmuration/test/1.0.0', signal)
  let received = 0
  const receive = async () => {
    for await (const chunk of channel.receiveBulk(1 << 20, signal)) received += chunk.byteLength
  }
  await Promise.all([channel.sendBulk([new Uint8Array(1 << 20)], signal), receive()])
  t.is(received, 1 << 20)
})
