import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { pEvent } from 'p-event'
import { temporaryIdentity } from './identity.ts'
import { createNode, type MurmurNode } from './node.ts'

/**
 * A libp2p stream with nothing of ours around it: the limit that `murmur bench exchange` measures our exchanges by.
 * Both ends are nodes as the mesh has them, so encryption, windows and multiplexing are the same.
 */
const BARE_PROTOCOL = '/murmuration/bare/1.0.0'

const ARRIVAL_MS = 120_000

/** The chunk size at which a stream moves most. */
const CHUNK_BYTES = 64 * 1024

/** Receives whatever comes and answers with one byte for every `bytes` of it. */
export async function serveBareStream(bytes: number): Promise<{ address: string; stop(): Promise<void> }> {
  const node = await startNode()
  await node.handle(BARE_PROTOCOL, stream => {
    let received = 0
    stream.addEventListener('message', (event: StreamMessageEvent) => {
      received += event.data.byteLength
      if (received < bytes) return
      received -= bytes
      stream.send(new Uint8Array(1))
    })
  })
  return { address: String(node.getMultiaddrs()[0]), stop: async () => await node.stop() }
}

/** Opens a stream to a `serveBareStream`; each call of `send` moves `bytes` and resolves when they have arrived. */
export async function openBareStream(
  address: string,
  bytes: number,
): Promise<{ send(): Promise<void>; stop(): Promise<void> }> {
  const node = await startNode()
  const stream = await node.dialProtocol(multiaddr(address), BARE_PROTOCOL)
  const payload = new Uint8Array(bytes)
  return {
    async send() {
      const arrived = pEvent(stream, 'message', { rejectionEvents: ['close'], timeout: ARRIVAL_MS })
      await Promise.all([sendAll(stream, payload), arrived])
    },
    stop: async () => await node.stop(),
  }
}

async function startNode(): Promise<MurmurNode> {
  const node = await createNode({
    privateKey: await temporaryIdentity(),
    listen: [multiaddr('/ip4/127.0.0.1/tcp/0')],
    announce: [],
    mdns: false,
    relayClient: false,
    relayServer: undefined,
  })
  await node.start()
  return node
}

async function sendAll(stream: Stream, payload: Uint8Array): Promise<void> {
  for (let offset = 0; offset < payload.byteLength; offset += CHUNK_BYTES) {
    if (stream.send(payload.subarray(offset, offset + CHUNK_BYTES))) continue
    do {
      await pEvent(stream, 'drain', { rejectionEvents: ['close'] })
    } while (stream.writableNeedsDrain || stream.writeBufferLength > 0)
    await nextTurn() // a tight loop would starve the connection's other streams, its pings among them
  }
}
