import { type Clock, systemClock } from '../../src/core/clock.ts'
import { layoutParameters } from '../../src/core/layout.ts'
import { type Random, random } from '../../src/core/random.ts'
import type { TelemetryEvent } from '../../src/core/telemetry.ts'
import type { Averager, AveragerFactory } from '../../src/exchange/averager.ts'
import { memoryNetwork } from '../../src/network/memory.ts'
import type { Transport } from '../../src/network/transport.ts'
import { LocalHost } from './local-host.ts'

interface AveragingPeer {
  id: string
  transport: Transport
  host: LocalHost
  averager: Averager
  events: TelemetryEvent[]
}

export interface SwarmInit {
  peers: number
  /** Tensors of this many parameters each, one a group. @default [1000] */
  groups?: number[]
  shards?: number
  factory: AveragerFactory
  initial?: (peer: number, length: number, random: Random) => ArrayLike<number>
  /** Standard deviation of each local step. */
  stepScale?: number
  clock?: Clock
  /** How many know each other from the start; the rest are alone until `introduce`. @default all */
  known?: number
  /** Where each peer is. @default nowhere */
  regions?: string[]
  wrap?: (transport: Transport, peer: number) => Transport
}

/** Peers that know each other on a memory network, started. */
export async function averagingSwarm(init: SwarmInit) {
  const network = memoryNetwork()
  const layout = layoutParameters(
    (init.groups ?? [1000]).map((size, group) => ({ name: `t${group}`, shape: [size], group })),
    init.shards ?? 1,
  )
  const ids = Array.from({ length: init.peers }, (_, i) => `peer-${String(i).padStart(3, '0')}`)
  const peers: AveragingPeer[] = []
  let known = init.known ?? init.peers
  const gone = new Set<string>()
  for (const [i, id] of ids.entries()) {
    const stream = random('swarm').fork(id)
    const transport = (init.wrap ?? (t => t))(network.transport(id), i)
    await transport.start()
    for (const { id: other } of peers) await transport.dial(`/memory/${other}`, new AbortController().signal)
    for (const other of ids) await transport.learn(other, [`/memory/${other}`])
    const initial =
      init.initial?.(i, layout.length, stream) ?? Float32Array.from({ length: layout.length }, () => stream.normal())
    const host = new LocalHost(initial, stream.fork('steps'), init.stepScale)
    const events: TelemetryEvent[] = []
    const others = () => (i < known ? ids.slice(0, known).filter(other => other !== id && !gone.has(other)) : [])
    const averager = init.factory({
      transport,
      parameters: host,
      shards: layout.shards,
      run: 'run',
      partners: others,
      training: others,
      regionOf: peer => init.regions?.[ids.indexOf(peer)],
      progress: peer => peers.find(({ id }) => id === peer)?.host.step ?? 0,
      clock: init.clock ?? systemClock,
      random: stream.fork('partners'),
      telemetry: { record: event => events.push(event) },
    })
    await averager.start()
    peers.push({ id, transport, host, averager, events })
  }
  return {
    network,
    layout,
    peers,
    /** Ends a peer without a goodbye; the others know at once. */
    lose(id: string) {
      network.kill(id)
      gone.add(id)
    },
    introduce() {
      known = peers.length
    },
    async stop() {
      for (const peer of peers) await peer.averager.stop(AbortSignal.abort())
      for (const peer of peers) await peer.transport.stop()
    },
  }
}

/** Sum over the swarm, minus what local steps added: what averaging must not change. In float64. */
export function conserved(hosts: readonly LocalHost[]): Float64Array {
  const sum = new Float64Array(hosts[0]!.values.length)
  for (const host of hosts) {
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + host.values[i]! - host.own[i]!
  }
  return sum
}

/** ||a - b|| / scale, the scale being the norm of all parameters together. */
export function relativeDrift(before: Float64Array, after: Float64Array, hosts: readonly LocalHost[]): number {
  let squares = 0
  for (let i = 0; i < before.length; i++) squares += (after[i]! - before[i]!) ** 2
  let scale = 0
  for (const host of hosts) for (const value of host.values) scale += value * value
  return Math.sqrt(squares / scale)
}
