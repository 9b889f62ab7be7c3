import { EVERYBODY, type ExchangeEvent, type Recorded } from '../../core/telemetry.ts'
import type { CurveName, Curves, Series } from '../api/curves.ts'
import { consensusEstimate } from './consensus-estimate.ts'
import { finite } from './edge-record.ts'
import { exchangeTellers } from './exchange-tellers.ts'
import type { Observation } from './observation.ts'
import { toldExchanges } from './told-exchanges.ts'

const MAX_BUCKETS = 512
const FIRST_BUCKET_MS = 250

/** Peers that get a loss curve of their own. */
const MAX_CURVES = 64

/** Peers whose presence in a bucket is counted, and whose tokens are. */
const MAX_COUNTED = 4096

/** A peer that told nothing of its tokens for so many times as long as it took lately has stopped. */
const STOPPED_AFTER = 3

/** What a peer told last of its tokens. */
interface TokenCount {
  tokens: number
  /** When, and in how many milliseconds the latest of them were trained on. */
  time: number
  took: number
}

/** Sums of a stretch of time, which add up. */
interface Bucket {
  loss: Mean
  least: number
  greatest: number
  validation: Mean
  tokens: number
  squaredDistance: Mean
  tried: number
  ok: number
  staleness: Mean
  ms: Mean
  bytes: number
  stepMs: number
  wallMs: number
  /** One bit for each peer. */
  peers: Uint32Array
  peerLoss: Mean[]
}

interface Mean {
  sum: number
  count: number
}

/** Curves of a run of any length, as sums over at most 512 stretches of time; when they are full, neighbours are joined. */
export interface CurveBuckets {
  add(observation: Observation): void
  curves(): Curves
}

export function curveBuckets(): CurveBuckets {
  return new Buckets()
}

class Buckets implements CurveBuckets {
  #bucketMs = FIRST_BUCKET_MS
  /** Number of the first bucket, counted from the epoch. */
  #first = 0
  #buckets: (Bucket | undefined)[] = []
  readonly #indices = new Map<string, number>()
  readonly #tokens = new Map<string, TokenCount>()
  readonly #who = exchangeTellers()
  #latest = 0

  add(observation: Observation): void {
    const { by, time } = observation
    this.#who.note(observation)
    this.#latest = Math.max(this.#latest, time)
    const bucket = this.#bucketAt(time)
    const index = this.#indexOf(by)
    bucket.peers[index >> 5]! |= 1 << (index & 31)
    switch (observation.type) {
      case 'step': {
        bucket.stepMs += observation.stepMs
        bucket.wallMs += observation.wallMs
        this.#addLoss(bucket, index, observation.loss)
        this.#addTokens(by, observation.tokens, time, observation.wallMs)
        return
      }
      case 'heartbeat': {
        if (this.#who.records(by)) return // its own records say it better
        const { loss, tokens } = observation.status
        if (loss !== null) this.#addLoss(bucket, index, loss)
        this.#addTokens(by, tokens, time, time - (this.#tokens.get(by)?.time ?? time))
        for (const exchange of toldExchanges(observation)) this.#addExchange(bucket, exchange)
        return
      }
      case 'evaluation':
        addTo(bucket.validation, observation.loss)
        return
      case 'exchange':
        this.#addExchange(bucket, observation)
        return
    }
  }

  curves(): Curves {
    const buckets = Array.from(this.#buckets)
    const series = (value: (bucket: Bucket, i: number) => number | null): Series =>
      buckets.map((bucket, i) => (bucket ? finite(value(bucket, i)) : null))
    const whole = Math.floor(this.#toldUpTo() / this.#bucketMs) - this.#first
    const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : null)
    const peers = this.#indices.size
    const swarm: Record<CurveName, Series> = {
      loss: series(({ loss }) => meanOf(loss)),
      validationLoss: series(({ validation }) => meanOf(validation)),
      tokensPerSecond: series(({ tokens, wallMs }, i) =>
        i < whole && (tokens > 0 || wallMs > 0) ? (1000 * tokens) / this.#bucketMs : null,
      ),
      consensusDistance: series(({ squaredDistance }) => consensusEstimate(meanOf(squaredDistance), peers)),
      exchangeSuccess: series(({ ok, tried }) => ratio(ok, tried)),
      staleness: series(({ staleness }) => meanOf(staleness)),
      roundTripMs: series(({ ms }) => meanOf(ms)),
      bytesPerToken: series(({ bytes, tokens }) => ratio(bytes, tokens)),
      trainingShare: series(({ stepMs, wallMs }) => ratio(stepMs, wallMs)),
      peers: series(bucket => bitsOf(bucket.peers)),
    }
    const named = [...this.#indices].filter(([, index]) => index < MAX_CURVES)
    return {
      times: buckets.map((_, i) => (this.#first + i) * this.#bucketMs),
      bucketMs: this.#bucketMs,
      swarm,
      lossRange: { least: series(({ least }) => least), greatest: series(({ greatest }) => greatest) },
      peers: named
        .map(([id, index]) => ({ id, loss: series(({ peerLoss }) => meanOf(peerLoss[index])) }))
        .filter(({ loss }) => loss.some(value => value !== null)),
    }
  }

  #addExchange(bucket: Bucket, event: Recorded<ExchangeEvent>): void {
    bucket.bytes += event.bytesSent
    const begun = event.role === 'initiator'
    // Each once: both sides tell of it, and a partner that does not is one of many.
    if (!begun && this.#who.tells(event.partner)) return
    const ok = event.outcome === 'ok'
    // What was published is tried once, however many receive it.
    if (begun || !this.#who.publishes(event.partner)) {
      bucket.tried++
      if (ok) bucket.ok++
    }
    if (!ok || event.partner === EVERYBODY) return
    addTo(bucket.squaredDistance, event.distance ** 2)
    addTo(bucket.staleness, event.staleness)
    if (event.bytesSent > 0) addTo(bucket.ms, event.ms)
  }

  /** Up to when everybody who trains has told of the tokens: a step that is under way is told when it ends. */
  #toldUpTo(): number {
    let upTo = this.#latest
    for (const { time, took } of this.#tokens.values()) {
      if (this.#latest - time < STOPPED_AFTER * took) upTo = Math.min(upTo, time)
    }
    return upTo
  }

  #addLoss(bucket: Bucket, index: number, loss: number): void {
    if (!Number.isFinite(loss)) return
    addTo(bucket.loss, loss)
    bucket.least = Math.min(bucket.least, loss)
    bucket.greatest = Math.max(bucket.greatest, loss)
    if (index >= MAX_CURVES) return
    bucket.peerLoss[index] ??= { sum: 0, count: 0 }
    addTo(bucket.peerLoss[index], loss)
  }

  /** Spreads them over the milliseconds in which they were trained on: a step may be longer than a bucket. */
  #addTokens(by: string, tokens: number, time: number, took: number): void {
    const before = this.#tokens.get(by)
    if (before !== undefined || this.#tokens.size < MAX_COUNTED) this.#tokens.set(by, { tokens, time, took })
    // The first word tells nothing of when they were trained on.
    const more = before ? Math.max(0, tokens - before.tokens) : 0
    if (more === 0) return
    const last = this.#indexAt(time)
    const first = Math.min(last, this.#indexAt(time - took))
    for (let index = first; index <= last; index++) {
      const begin = Math.max(time - took, (this.#first + index) * this.#bucketMs)
      const end = Math.min(time, (this.#first + index + 1) * this.#bucketMs)
      this.#bucketNumber(index).tokens += first === last ? more : (more * Math.max(0, end - begin)) / took
    }
  }

  #indexOf(peer: string): number {
    const known = this.#indices.get(peer)
    if (known !== undefined) return known
    const index = Math.min(this.#indices.size, MAX_COUNTED - 1)
    if (this.#indices.size < MAX_COUNTED) this.#indices.set(peer, index)
    return index
  }

  #bucketAt(time: number): Bucket {
    if (this.#buckets.length === 0) this.#first = Math.floor(time / this.#bucketMs)
    let index = this.#indexAt(time)
    while (index >= MAX_BUCKETS) {
      this.#join()
      index = this.#indexAt(time)
    }
    return this.#bucketNumber(index)
  }

  #bucketNumber(index: number): Bucket {
    while (this.#buckets.length <= index) this.#buckets.push(undefined)
    const bucket = this.#buckets[index] ?? emptyBucket()
    this.#buckets[index] = bucket
    return bucket
  }

  /** What happened before the beginning, by a clock that was late, counts as its beginning. */
  #indexAt(time: number): number {
    return Math.max(0, Math.floor(time / this.#bucketMs) - this.#first)
  }

  #join(): void {
    const joined: (Bucket | undefined)[] = []
    const first = Math.floor(this.#first / 2)
    for (const [i, bucket] of this.#buckets.entries()) {
      const index = Math.floor((this.#first + i) / 2) - first
      joined[index] = joined[index] && bucket ? joinBuckets(joined[index], bucket) : (joined[index] ?? bucket)
    }
    this.#buckets = Array.from(joined)
    this.#first = first
    this.#bucketMs *= 2
  }
}

function emptyBucket(): Bucket {
  const mean = (): Mean => ({ sum: 0, count: 0 })
  return {
    loss: mean(),
    least: Number.POSITIVE_INFINITY,
    greatest: Number.NEGATIVE_INFINITY,
    validation: mean(),
    tokens: 0,
    squaredDistance: mean(),
    tried: 0,
    ok: 0,
    staleness: mean(),
    ms: mean(),
    bytes: 0,
    stepMs: 0,
    wallMs: 0,
    peers: new Uint32Array(MAX_COUNTED / 32),
    peerLoss: [],
  }
}

function joinBuckets(one: Bucket, other: Bucket): Bucket {
  const curves = Math.max(one.peerLoss.length, other.peerLoss.length)
  return {
    loss: sumOf(one.loss, other.loss),
    least: Math.min(one.least, other.least),
    greatest: Math.max(one.greatest, other.greatest),
    validation: sumOf(one.validation, other.validation),
    tokens: one.tokens + other.tokens,
    squaredDistance: sumOf(one.squaredDistance, other.squaredDistance),
    tried: one.tried + other.tried,
    ok: one.ok + other.ok,
    staleness: sumOf(one.staleness, other.staleness),
    ms: sumOf(one.ms, other.ms),
    bytes: one.bytes + other.bytes,
    stepMs: one.stepMs + other.stepMs,
    wallMs: one.wallMs + other.wallMs,
    peers: one.peers.map((bits, i) => bits | other.peers[i]!),
    peerLoss: Array.from({ length: curves }, (_, i) => sumOf(one.peerLoss[i], other.peerLoss[i])),
  }
}

function addTo(mean: Mean, value: number): void {
  if (!Number.isFinite(value)) return
  mean.sum += value
  mean.count++
}

function sumOf(one: Mean | undefined, other: Mean | undefined): Mean {
  return { sum: (one?.sum ?? 0) + (other?.sum ?? 0), count: (one?.count ?? 0) + (other?.count ?? 0) }
}

function meanOf(mean: Mean | undefined): number | null {
  return mean && mean.count > 0 ? mean.sum / mean.count : null
}

function bitsOf(words: Uint32Array): number {
  let count = 0
  for (let word of words) for (; word !== 0; word &= word - 1) count++
  return count
}
