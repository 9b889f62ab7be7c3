import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { PeerState, SwarmState } from '../api/state.ts'
import type { MetricsPage } from '../server/server.ts'

/** Peers that get series of their own; the swarm's are over all of them. */
const MAX_PEERS = 256

/**
 * The swarm's state as Prometheus metrics (docs/metrics.md), of the moment at which they are asked for.
 * @param mesh metrics of this process's own connections, if it has any
 */
export function metricsPage(mesh?: Registry): MetricsPage {
  const process = new Registry()
  collectDefaultMetrics({ register: process, prefix: 'murmur_dashboard_' })
  return {
    contentType: process.contentType,
    async text(view) {
      const registries = [swarmRegistry(view.state()), process, ...(mesh ? [mesh] : [])]
      return (await Promise.all(registries.map(registry => registry.metrics()))).join('\n')
    },
  }
}

/** Made anew each time: series of a peer that is gone go with it. */
function swarmRegistry({ peers, totals, alerts, edges }: SwarmState): Registry {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, value: number | null) => {
    if (value !== null) new Gauge({ name, help, registers }).set(value)
  }
  const counter = (name: string, help: string, value: number) => new Counter({ name, help, registers }).inc(value)
  gauge('murmur_swarm_loss_nats', 'Mean training loss of the live peers, nats per token', totals.loss)
  gauge(
    'murmur_swarm_validation_loss_nats',
    'Mean validation loss of the live peers, nats per token',
    totals.validationLoss,
  )
  gauge('murmur_swarm_tokens_per_second', 'Tokens that all live peers train on in a second', totals.tokensPerSecond)
  gauge(
    'murmur_swarm_consensus_distance',
    'Estimated root mean square distance of the parameters to their mean',
    totals.consensusDistance,
  )
  gauge(
    'murmur_swarm_exchange_success_ratio',
    'Share of the recent exchanges that came to pass, 0 to 1',
    totals.recentSuccess,
  )
  gauge(
    'murmur_swarm_training_share_ratio',
    'Share of the peers wall time inside training steps, 0 to 1',
    totals.trainingShare,
  )
  gauge('murmur_swarm_pairs', 'Pairs of peers that exchanged or tried to', edges.length)
  gauge('murmur_swarm_steps', 'Most local steps that a peer finished', totals.step)
  counter('murmur_swarm_tokens_total', 'Tokens trained on by all peers', totals.tokens)
  counter('murmur_swarm_bytes_sent_total', 'Bytes that all peers sent in exchanges', totals.bytesSent)
  const present = new Gauge({
    name: 'murmur_swarm_peers',
    help: 'Peers by presence',
    labelNames: ['presence'],
    registers,
  })
  for (const presence of ['live', 'silent', 'departed'] as const) present.set({ presence }, totals[presence])
  const staleness = new Gauge({
    name: 'murmur_swarm_staleness_steps',
    help: 'Staleness of all exchanges, local steps, by quantile',
    labelNames: ['quantile'],
    registers,
  })
  staleness.set({ quantile: '0.5' }, totals.staleness.p50)
  staleness.set({ quantile: '0.95' }, totals.staleness.p95)
  staleness.set({ quantile: '1' }, totals.staleness.max)
  const exchanges = new Counter({
    name: 'murmur_swarm_exchanges_total',
    help: 'Exchanges by outcome, each once',
    labelNames: ['outcome'],
    registers,
  })
  exchanges.inc({ outcome: 'ok' }, totals.exchanges.ok)
  for (const [outcome, count] of Object.entries(totals.exchanges.failed)) exchanges.inc({ outcome }, count)
  const standing = new Gauge({
    name: 'murmur_alerts',
    help: 'Alerts that stand, by kind',
    labelNames: ['kind'],
    registers,
  })
  for (const { kind } of alerts) standing.inc({ kind })
  peerMetrics(registers, peers)
  return registry
}

function peerMetrics(registers: Registry[], peers: readonly PeerState[]): void {
  const shown = peers.filter(({ presence }) => presence !== 'departed').slice(0, MAX_PEERS)
  const gauge = (name: string, help: string, value: (peer: PeerState) => number | null) => {
    const metric = new Gauge({ name, help, labelNames: ['peer', 'name'], registers })
    for (const peer of shown) {
      const known = value(peer)
      if (known !== null) metric.set({ peer: peer.id, name: peer.name }, known)
    }
  }
  const counter = (name: string, help: string, value: (peer: PeerState) => number) => {
    const metric = new Counter({ name, help, labelNames: ['peer', 'name'], registers })
    for (const peer of shown) metric.inc({ peer: peer.id, name: peer.name }, value(peer))
  }
  gauge('murmur_peer_up', '1 if the peer is live, 0 if it is silent', ({ presence }) => (presence === 'live' ? 1 : 0))
  gauge('murmur_peer_heard_timestamp_seconds', 'When it was last heard of, Unix time', ({ heardAt }) => heardAt / 1000)
  gauge('murmur_peer_loss_nats', 'Training loss, nats per token', ({ loss }) => loss)
  gauge('murmur_peer_validation_loss_nats', 'Validation loss, nats per token', ({ validationLoss }) => validationLoss)
  gauge('murmur_peer_tokens_per_second', 'Tokens it trains on in a second', peer => peer.tokensPerSecond)
  gauge('murmur_peer_steps', 'Local steps finished', ({ step }) => step)
  gauge('murmur_peer_staleness_steps', 'Median staleness of its recent exchanges, local steps', peer => peer.staleness)
  gauge(
    'murmur_peer_disagreement',
    'Root mean square difference met in its recent exchanges',
    peer => peer.disagreement,
  )
  gauge('murmur_peer_memory_resident_bytes', 'Memory of its process', ({ memory }) => memory?.resident ?? null)
  gauge(
    'murmur_peer_memory_used_ratio',
    'Memory in use on its machine or in its container, 0 to 1',
    peer => peer.memory?.used ?? null,
  )
  counter('murmur_peer_tokens_total', 'Tokens trained on', ({ tokens }) => tokens)
  counter('murmur_peer_bytes_sent_total', 'Bytes sent in exchanges', ({ bytesSent }) => bytesSent)
  counter('murmur_peer_warnings_total', 'Warnings it recorded', ({ warnings }) => warnings)
}
