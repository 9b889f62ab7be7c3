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
  kind: ObservedExchange['kind']
  /** Milliseconds that it waited for steps to end, on average. */
  waited: number
}

/** One-way journeys of a pairwise exchange: opening the stream, offer, values and commit, each with its answer. */
const PAIRWISE_MESSAGES = 8
/** Exchanges of a pair from which on it is told apart from the others. */
const PAIR_OBSERVATIONS = 20
/** Ends of steps for which a pairwise exchange waits: a snapshot and a delta on both sides. */
const STEPS_AWAITED = 4
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
 * Latency and bandwidth from how long exchanges took: ms = messages * latency + bytes / bandwidth. Of the pairwise exchanges
 * of each size (powers of two) the mean counts, less the mean wait for the ends of four steps, which the simulator makes them
 * wait for again; the fastest one, should nothing be left. Of a round, as long as a ring's 2 (n - 1) messages, the time of
 * whoever came to it last: the others waited for that peer; of all rounds the mean. Means, for what machines that have other
 * work too do late adds up. The slope is the median of those between any two sizes (Theil 1950, Sen 1968).
 */
export function estimateLinks(traces: readonly PeerTrace[]): MeasuredLinks {
  const places = new Map(traces.map(({ peer }, place) => [peer, place]))
  const all: Observation[] = lastToCome(traces)
  const pairs = new Map<string, Observation[]>()
  const waited = STEPS_AWAITED * meanWait(traces)
  for (const [place, { exchanges }] of traces.entries()) {
    for (const { kind, partner, bytes, ms } of exchanges) {
      if (kind === 'round') continue
      const observation = { kind, bytes, ms, messages: PAIRWISE_MESSAGES, waited }
      all.push(observation)
      const other = partner === undefined ? undefined : places.get(partner)
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

/** Each round as the peer saw it that waited least. */
function lastToCome(traces: readonly PeerTrace[]): Observation[] {
  const messages = 2 * Math.max(1, traces.length - 1)
  const rounds = new Map<string, Observation>()
  for (const { id, kind, bytes, ms } of traces.flatMap(trace => trace.exchanges)) {
    if (kind === 'round' && ms < (rounds.get(id)?.ms ?? Infinity))
      rounds.set(id, { kind, bytes, ms, messages, waited: 0 })
  }
  return [...rounds.values()]
}

function line(observations: readonly Observation[]): Line {
  const points = typicalBySize(observations)
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

/** One for each size. Sizes are not mixed with other numbers of messages. */
function typicalBySize(observations: readonly Observation[]): Observation[] {
  const classes = Map.groupBy(
    observations.filter(({ bytes }) => bytes > 0),
    ({ bytes, messages, kind }) => `${kind} ${messages} ${Math.floor(Math.log2(bytes))}`,
  )
  return [...classes.values()].map(typical).sort((a, b) => a.bytes - b.bytes)
}

function typical(alike: readonly Observation[]): Observation {
  const mean = (of: (observation: Observation) => number) =>
    alike.reduce((sum, observation) => sum + of(observation), 0) / alike.length
  const { kind, messages, waited } = alike[0]!
  const ms = mean(({ ms }) => ms) - waited
  const fastest = Math.min(...alike.map(({ ms }) => ms))
  return { kind, messages, waited, bytes: mean(({ bytes }) => bytes), ms: ms > 0 ? ms : fastest }
}

/** Milliseconds until the step under way ends, seen at any moment: E[T^2] / 2 E[T]. */
function meanWait(traces: readonly PeerTrace[]): number {
  let sum = 0
  let squares = 0
  for (const { steps } of traces) {
    for (const ms of steps) {
      sum += ms
      squares += ms * ms
    }
  }
  return sum > 0 ? squares / (2 * sum) : 0
}

/** @param slope milliseconds a byte */
function megabits(slope: number): number {
  return slope > 0 ? Math.min(MOST_BANDWIDTH, 8 / slope / KILO) : MOST_BANDWIDTH
}
