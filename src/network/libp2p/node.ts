import { autoNAT } from '@libp2p/autonat'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey, ServiceMap } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import type { Registry } from 'prom-client'

export interface RelayLimits {
  /**
   * Peers behind NAT that may be reachable through this node at the same time.
   * @default 128
   */
  reservations?: number
  /**
   * Bytes a relayed connection may carry before it is cut.
   * @default 4 GiB: a few hundred exchanges of a small model
   */
  bytes?: number
  /**
   * Milliseconds a relayed connection may last.
   * @default 86,400,000 (a day)
   */
  durationMs?: number
}

export interface NodeInit {
  privateKey: PrivateKey
  listen: readonly Multiaddr[]
  announce: readonly Multiaddr[]
  mdns: boolean
  /** Where libp2p's metrics go. */
  metrics?: Registry
  relayClient: boolean
  /** Limits of the relay this node is for others; undefined: it is none. */
  relayServer: RelayLimits | undefined
}

interface Services extends ServiceMap {
  identify: Identify
  ping: Ping
  pubsub: GossipSub
}

export type MurmurNode = Libp2p<Services>

/** Incoming relay streams of one connection: each is a peer that reaches another through this node. */
const MAX_HOP_STREAMS = 256

/** What every node of the mesh is made of. Not started yet. */
export async function createNode(init: NodeInit): Promise<MurmurNode> {
  const listen = init.listen.map(String)
  if (init.relayClient) listen.push('/p2p-circuit')
  const relay = init.relayServer
  return await createLibp2p({
    start: false,
    ...(init.metrics && { metrics: await nodeMetrics(init.metrics) }),
    privateKey: init.privateKey,
    addresses: { listen, announce: init.announce.map(String) },
    transports: init.relayClient ? [tcp(), circuitRelayTransport()] : [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        // Streams may arrive before the other side has finished setting the connection up; the default, 10, then ends
        // the connection.
        maxEarlyStreams: 256,
        // The read buffer must hold a whole window, or a paused stream is reset.
        streamOptions: { maxStreamWindowSize: 4 << 20, maxReadBufferLength: 8 << 20 },
      }),
    ],
    // The defaults (5 new connections a second and host, 10 pending) refuse a swarm that starts on one machine.
    connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
    // The monitor drops a connection at the first late ping; a busy machine answers late.
    connectionMonitor: { pingTimeout: { minTimeout: 30_000 } },
    peerDiscovery: init.mdns ? [mdns({ serviceTag: '_murmuration._udp.local' })] : [],
    services: {
      identify: identify({ runOnLimitedConnection: true }),
      ping: ping(),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        runOnLimitedConnection: true,
        // Many peers behind one address are a laboratory or a household, not an attack.
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
      ...(init.relayClient && { dcutr: dcutr(), autoNAT: autoNAT() }),
      ...(relay && {
        relay: circuitRelayServer({
          maxInboundHopStreams: MAX_HOP_STREAMS,
          reservations: {
            maxReservations: relay.reservations ?? 128,
            defaultDataLimit: BigInt(relay.bytes ?? 4 * 2 ** 30),
            defaultDurationLimit: relay.durationMs ?? 24 * 3600 * 1000,
          },
        }),
      }),
    },
  })
}

/** Loaded when it is asked for. This process's own figures are none of the mesh's. */
async function nodeMetrics(registry: Registry) {
  const { prometheusMetrics } = await import('@libp2p/prometheus-metrics')
  return prometheusMetrics({ registry, collectDefaultMetrics: false, preserveExistingMetrics: true })
}
