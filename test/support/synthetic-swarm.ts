import type { Curves } from '../../src/dashboard/api/curves.ts'
import type { Exchange } from '../../src/dashboard/api/exchange.ts'
import type { PeerDetail } from '../../src/dashboard/api/peer-detail.ts'
import type { RunInfo } from '../../src/dashboard/api/run.ts'
import type { EdgeState, PeerState, SwarmState, Totals } from '../../src/dashboard/api/state.ts'

/** A made-up swarm whose state is a function of time, to look at the page with as many peers as one likes. */
export interface SyntheticSwarm {
  run(to: number): RunInfo
  state(at: number): SwarmState
  exchanges(from: number, to: number): Exchange[]
  curves(to: number): Curves
  peer(id: string, at: number): PeerDetail
}

export interface SyntheticSwarmInit {
  peers: number
  mode: 'live' | 'replay'
  /** Milliseconds since the Unix epoch. */
  from: number
  /** Neighbours of each peer to either side with whom it exchanges, beside one far away. */
  reach: number
  /** Exchanges of the whole swarm in a second. */
  exchangesPerSecond: number
  /** What the names of the peers begin with. @default peer */
  name?: string
  /** Peers (by number) that fall silent, or depart, at a moment. */
  silentAt?: Readonly<Record<number, number>>
  departedAt?: Readonly<Record<number, number>>
}

const BACKENDS = ['onnx-cpu', 'onnx-webgpu', 'onnx-cuda', 'wasm']
const SHARDS = ['embedding', 'block-0', 'block-1', 'head']

export function syntheticSwarm(init: SyntheticSwarmInit): SyntheticSwarm {
  const { from } = init
  const noise = (i: number, k: number) => {
    const x = Math.sin(i * 127.1 + k * 311.7) * 43758.5453
    return x - Math.floor(x)
  }
  const id = (i: number) => `12D3KooWSynthetic${String(i).padStart(5, '0')}`
  const seconds = (at: number) => Math.max(0, (at - from) / 1000)
  const lossOf = (i: number, at: number) => 2 + 3.5 * Math.exp(-seconds(at) / 60) + 0.15 * noise(i, 1)
  const pairs: [number, number][] = []
  for (let i = 0; i < init.peers; i++) {
    const others = [...Array(init.reach).keys()].map(k => (i + k + 1) % init.peers)
    for (const j of [...others, Math.floor(noise(i, 7) * init.peers)]) if (i !== j) pairs.push([i, j])
  }

  function peer(i: number, at: number): PeerState {
    const departed = (init.departedAt?.[i] ?? Infinity) <= at
    const silent = (init.silentAt?.[i] ?? Infinity) <= at
    const step = Math.floor(seconds(at) * (2 + 2 * noise(i, 2)))
    return {
      id: id(i),
      name: `${init.name ?? 'peer'}-${i + 1}`,
      known: 'events',
      presence: departed ? 'departed' : silent ? 'silent' : 'live',
      heardAt: Math.min(at, init.silentAt?.[i] ?? at, init.departedAt?.[i] ?? at),
      missingSince: departed || silent ? (init.departedAt?.[i] ?? init.silentAt?.[i] ?? at) : null,
      state: 'training',
      detail: null,
      fraction: null,
      backend: BACKENDS[Math.floor(noise(i, 3) * BACKENDS.length)]!,
      shards: i % 5 === 4 ? SHARDS.slice(0, 2) : SHARDS,
      step,
      tokens: step * 512,
      tokensPerSecond: 1000 + 2000 * noise(i, 2),
      loss: step === 0 ? null : lossOf(i, at),
      validationLoss: null,
      staleness: Math.round(6 * noise(i, 4)),
      disagreement: 0.002 + 0.01 * noise(i, 5),
      trainingShare: 0.9 + 0.09 * noise(i, 6),
      exchanges: { tried: step, ok: step, failed: {} },
      bytesSent: step * 40_000,
      bytesReceived: step * 40_000,
      memory: { resident: 4e8 + 1e8 * noise(i, 8), used: 0.4 },
      warnings: 0,
      lastWarning: null,
    }
  }

  function edge([i, j]: [number, number], k: number, at: number): EdgeState {
    const [a, b] = id(i) < id(j) ? [id(i), id(j)] : [id(j), id(i)]
    const ok = 1 + Math.floor(seconds(at) * noise(k, 9))
    const bytes = Math.round(80_000 * ok)
    const last = { lastAt: at - 5000 * noise(k, 10), roundTripMs: 8 + 30 * noise(k, 11), staleness: k % 5 }
    return { a, b, ok, failed: 0, begunByA: ok, bytes, ...last, disagreement: 0.004 + 0.01 * noise(k, 12) }
  }

  function totals(peers: readonly PeerState[]): Totals {
    const live = peers.filter(each => each.presence === 'live')
    const sum = (pick: (each: PeerState) => number | null) => live.reduce((total, each) => total + (pick(each) ?? 0), 0)
    const tried = peers.reduce((total, each) => total + each.exchanges.tried, 0)
    return {
      live: live.length,
      silent: peers.filter(each => each.presence === 'silent').length,
      departed: peers.filter(each => each.presence === 'departed').length,
      step: Math.max(0, ...peers.map(each => each.step)),
      totalSteps: 800,
      tokens: sum(each => each.tokens),
      tokensPerSecond: sum(each => each.tokensPerSecond),
      loss: live.length === 0 ? null : sum(each => each.loss) / live.length,
      validationLoss: null,
      trainingShare: live.length === 0 ? null : sum(each => each.trainingShare) / live.length,
      consensusDistance: live.length < 2 ? null : 0.0061,
      exchanges: {
        tried: Math.ceil(tried * 1.02),
        ok: tried,
        failed: { busy: Math.ceil(tried * 0.015), 'timed-out': Math.floor(tried * 0.005) },
      },
      recentSuccess: tried === 0 ? null : 0.984,
      staleness: {
        p50: 2,
        p95: 5,
        max: 9,
        bins: [3, 9, 14, 8, 4, 2, 1, 0, 0, 1].map((n, i) => ({ from: i, to: i, count: n * tried })),
      },
      bytesSent: sum(each => each.bytesSent),
      bytesPerToken: 78.1,
      warnings: 0,
    }
  }

  return {
    run: to => ({
      version: '0.0.0',
      mode: init.mode,
      title: 'synthetic swarm',
      run: 'a'.repeat(64),
      specification: { name: 'synthetic', model: { kind: 'gpt', layers: 2 }, batch: 8, averaging: { period: 20 } },
      sources: [
        {
          kind: 'events',
          name: 'events.jsonl',
          state: init.mode === 'live' ? 'following' : 'ended',
          problem: null,
          damaged: 0,
        },
      ],
      from: init.peers === 0 ? null : from,
      to: init.peers === 0 ? null : to,
      lastActive: init.peers === 0 ? null : to,
      indexed: 1,
      silentAfterMs: 5000,
      thresholds: {
        staleness: 20,
        exchangeSuccess: 0.9,
        roundTripMs: 5000,
        memory: 0.9,
        lossProgress: 0.001,
        disagreementGrowth: 1.5,
      },
    }),
    state(at) {
      const peers = Array.from({ length: init.peers }, (_, i) => peer(i, at))
      const edges = pairs.map((pair, k) => edge(pair, k, at))
      const alerts = peers
        .filter(each => each.presence === 'silent')
        .map(each => ({
          id: `peer-silent ${each.id}`,
          kind: 'peer-silent' as const,
          level: 'warning' as const,
          peer: each.id,
          message: `${each.name} has said nothing since ${Math.round((at - each.heardAt) / 1000)} s; expected within 5 s.`,
          value: at - each.heardAt,
          threshold: 5000,
        }))
      return { time: at, peers, edges, totals: totals(peers), alerts }
    },
    exchanges(since, to) {
      const made: Exchange[] = []
      const every = 1000 / init.exchangesPerSecond
      for (let k = Math.floor((since - from) / every) + 1; k <= (to - from) / every && pairs.length > 0; k++) {
        const [i, j] = pairs[Math.floor(noise(k, 13) * pairs.length)]!
        const common = {
          id: `x${k}`,
          time: from + k * every,
          from: id(i),
          to: id(j),
          shard: SHARDS[k % 4]!,
          ms: 12,
          bytes: 81_234,
        }
        made.push({ ...common, outcome: k % 23 === 0 ? 'timed-out' : 'ok', staleness: k % 4, disagreement: 0.005 })
      }
      return made
    },
    peer(wanted, at) {
      const { peers, edges, totals } = this.state(at)
      const found = peers.find(each => each.id === wanted)!
      const means = Array.from({ length: 40 }, (_, k) => lossOf(peers.indexOf(found), from + (k * (at - from)) / 40))
      return {
        time: at,
        peer: found,
        edges: edges.filter(each => each.a === wanted || each.b === wanted),
        lossCurve: { means, stride: 10 },
        learningRate: 0.001,
        gradientNorm: 0.8,
        stepMs: 120,
        validation: null,
        staleness: totals.staleness,
        answered: found.exchanges,
        checkpoint: null,
        warnings: {},
        addresses: [],
      }
    },
    curves(to) {
      const times = Array.from({ length: 200 }, (_, i) => from + (i * (to - from)) / 200)
      const many = (value: (at: number) => number | null) => times.map(value)
      const loss = many(at => lossOf(0, at) + 0.05)
      const flat = (level: number, k: number) => many(at => level * (0.95 + 0.1 * noise(at - from, k)))
      return {
        times,
        bucketMs: (to - from) / 200,
        swarm: {
          loss,
          validationLoss: times.map((at, i) => (i % 20 === 19 ? lossOf(0, at) + 0.1 : null)),
          tokensPerSecond: flat(2000 * init.peers, 1),
          consensusDistance: many(at => 0.02 * Math.exp(-seconds(at) / 40) + 0.006),
          exchangeSuccess: flat(0.97, 2).map(value => Math.min(1, value!)),
          staleness: flat(2, 3),
          roundTripMs: flat(14, 4),
          bytesPerToken: flat(78, 5),
          trainingShare: flat(0.94, 6),
          peers: many(() => init.peers),
        },
        lossRange: { least: loss.map(value => value! - 0.1), greatest: loss.map(value => value! + 0.12) },
        peers: Array.from({ length: Math.min(64, init.peers) }, (_, i) => ({
          id: id(i),
          loss: many(at => lossOf(i, at) + 0.1 * noise(at, i)),
        })),
      }
    },
  }
}
