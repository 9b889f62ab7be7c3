import { median } from '../../core/median.ts'
import type { MeasuredLinks } from '../../network/simulation/links.ts'
import type { ObservedExchange, PeerTrace } from './peer-trace.ts'

interface Line {
  /** Milliseconds one way. */
  latency: number
  /** Megabits a second. */
  bandwidth: number
}

interface Observation {
  bytes: number
  ms: number
  /** Messages that had to arrive one after the other. */
  messages: number
}

/** One-way journeys of a pairwise exchange: opening the stream, offer, values and commit, each with its answer. */
const PAIRWISE_MESSAGES = 8
/** Exchanges of a pair from which on it is told apart from the others. */
const PAIR_OBSERVATIONS = 20
/** Of the exchanges of one size, those that waited least: the rest is waiting for the partner's step to end. */
const FASTEST = 0.05
/** Sizes that differ by less cannot tell latency from bandwidth. */
const DISTINCT = 2
/** Bytes from which on the time of exchanges of one size is put down to bandwidth, below to latency. */
const LARGE = 64 * 1024
/** What is assumed where nothing can be told. */
const UNKNOWN: Line = { latency: 0.1, bandwidth: 10_000 }
const MOST_BANDWIDTH = 1_000_000
/** A bit a millisecond is a kilobit a second. */
const KILO = 1000

/**
 * Latency and bandwidth from how long exchanges took: ms = messages * latency + bytes / bandwidth, through the fastest
 * twentieth of the exchanges of each size (powers of two), the slope being the median of those between any two sizes
 * (Theil, 1950; Sen, 1968). A round counts as a ring: 2 (n - 1) messages.
 */
export function estimateLinks(traces: readonly PeerTrace[]): MeasuredLinks {
  const places = new Map(traces.map(({ peer }, place) => [peer, place]))
  const all: Observation[] = []
  const pairs = new Map<string, Observation[]>()
  for (const [place, { exchanges }] of traces.entries()) {
    for (const exchange of exchanges) {
      const observation = observe(exchange, traces.length)
      all.push(observation)
      const other = exchange.partner === undefined ? undefined : places.get(exchange.partner)
      if (other === undefined) continue
      const key = `${Math.min(place, other)} ${Math.max(place, other)}`
      const own = pairs.get(key) ?? []
      own.push(observation)
      pairs.set(key, own)
    }
  }
  const told = [...pairs].filter(([, own]) => own.length >= PAIR_OBSERVATIONS).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    kind: 'measured',
    peers: traces.length,
    ...line(all),
    pairs: told.map(([key, own]) => {
      const [a, b] = key.split(' ').map(Number)
      return { between: [a!, b!], ...line(own) }
    }),
    jitter: 0,
    loss: 0,
  }
}

function observe({ kind, bytes, ms }: ObservedExchange, peers: number): Observation {
  return { bytes, ms, messages: kind === 'pairwise' ? PAIRWISE_MESSAGES : 2 * Math.max(1, peers - 1) }
}

function line(observations: readonly Observation[]): Line {
  const points = fastestBySize(observations)
  const first = points[0]
  if (!first) return UNKNOWN
  const slopes = points.flatMap((a, i) =>
    points
      .slice(i + 1)
      .filter(b => b.messages === a.messages && b.bytes >= DISTINCT * a.bytes)
      .map(b => (b.ms - a.ms) / (b.bytes - a.bytes)),
  )
  if (slopes.length === 0) {
    const { bytes, ms, messages } = first
    return bytes >= LARGE
      ? { latency: 0, bandwidth: megabits(ms / bytes) }
      : { latency: ms / messages, bandwidth: UNKNOWN.bandwidth }
  }
  const slope = Math.max(0, median(slopes))
  const latency = median(points.map(({ bytes, ms, messages }) => Math.max(0, ms - slope * bytes) / messages))
  return { latency, bandwidth: megabits(slope) }
}

/** For each size, the longest of its fastest exchanges. Sizes are not mixed with other numbers of messages. */
function fastestBySize(observations: readonly Observation[]): Observation[] {
  const classes = Map.groupBy(
    observations.filter(({ bytes }) => bytes > 0),
    ({ bytes, messages }) => `${messages} ${Math.floor(Math.log2(bytes))}`,
  )
  return [...classes.values()]
    .map(own => own.toSorted((a, b) => a.ms - b.ms)[Math.floor(FASTEST * own.length)]!)
    .sort((a, b) => a.bytes - b.bytes)
}

/** @param slope milliseconds a byte */
function megabits(slope: number): number {
  return slope > 0 ? Math.min(MOST_BANDWIDTH, 8 / slope / KILO) : MOST_BANDWIDTH
}
