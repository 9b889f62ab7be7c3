import type { PrivateKey } from '@libp2p/interface'
import type { Transport } from '../transport.ts'
import type { RelayLimits } from './node.ts'
import { libp2pTransport } from './transport.ts'

export interface BootstrapNodeInit {
  /** File of the node's key, made if missing: it keeps the node's address the same from start to start. */
  identityPath?: string
  privateKey?: PrivateKey
  /** @default ['/ip4/0.0.0.0/tcp/4001'] */
  listen?: readonly string[]
  /** Addresses to tell others instead of those listened on, behind a port forwarding. @default [] */
  announce?: readonly string[]
  /** What it carries for peers behind NAT. */
  relay?: RelayLimits
}

/** An always-on node that introduces the peers of any run to each other and relays for those behind NAT. */
export type BootstrapNode = Pick<Transport, 'id' | 'addresses' | 'connected' | 'watch' | 'start' | 'stop'>

/**
 * It hears no topic, trains nothing and looks for nobody: peers find each other through it and then talk directly.
 * @throws MurmurError as `libp2pTransport` does
 */
export async function createBootstrapNode(init: BootstrapNodeInit = {}): Promise<BootstrapNode> {
  const { relay, listen = ['/ip4/0.0.0.0/tcp/4001'], ...identity } = init
  return await libp2pTransport({ ...identity, listen, neighbours: 0, relay: { server: relay ?? true } })
}
