import { createHash } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import { isErrorCode, MurmurError } from '../../core/errors.ts'
import type { ParameterLayout, Shard } from '../../core/layout.ts'
import { float32 } from '../../exchange/compression/float32.ts'
import { sendValues } from '../../exchange/compression/streaming.ts'
import type { Channel, PeerId, Transport } from '../../network/transport.ts'
import { layoutDigest } from './layout-digest.ts'
import { type Manifest, receiveState, STATE_PROTOCOL, STATE_VERSION, sendState } from './state-protocol.ts'
import { SharedSnapshot, type SnapshotComponents } from './state-snapshot.ts'

/** Milliseconds for an answer. Making a manifest waits for a step boundary and hashes all parameters. */
const ANSWER_TIMEOUT = 30_000

/** Bytes a millisecond below which a link counts as stuck. */
const SLOWEST = 32

function transferTimeout(values: number): number {
  return ANSWER_TIMEOUT + float32.encodedLength(values) / SLOWEST
}

/** Hands this peer's parameters to joiners: a few at a time, all from one copy. */
export async function serveState(
  components: SnapshotComponents & {
    transport: Transport
    run: string
    /** False while this peer's parameters are not the swarm's yet: joiners are put off. */
    ready(): boolean
  },
): Promise<void> {
  const { transport, layout, clock, run, ready } = components
  const snapshot = new SharedSnapshot(components)
  const digest = layoutDigest(layout)
  await transport.handle(STATE_PROTOCOL, async (channel, signal) => {
    const limited = <T>(ms: number, what: string, task: (inner: AbortSignal) => Promise<T>) =>
      withDeadline(clock, ms, what, signal, task)
    const refuse = (reason: 'busy' | 'mismatch' | 'not-finite') =>
      limited(ANSWER_TIMEOUT, 'a refusal', inner => sendState(channel, { type: 'refused', reason }, inner))

    const asked = await limited(ANSWER_TIMEOUT, 'a question', inner => receiveState(channel, ['ask'], inner))
    if (asked.version !== STATE_VERSION || asked.run !== run || asked.layout !== digest) return await refuse('mismatch')
    if (!ready() || snapshot.isBusy()) return await refuse('busy')
    await snapshot.read(async ({ values, manifest }) => {
      if (!manifest) return await refuse('not-finite')
      await limited(ANSWER_TIMEOUT, 'a manifest', inner => sendState(channel, manifest, inner))
      for (let served = 0; served < layout.shards.length; served++) {
        const { shard: name } = await limited(ANSWER_TIMEOUT, 'a request', inner =>
          receiveState(channel, ['want'], inner),
        )
        const shard = layout.shards.find(candidate => candidate.name === name)
        if (!shard) throw invalid(channel.peer, `a shard of the manifest, got ${JSON.stringify(name)}`)
        const part = values.subarray(shard.offset, shard.offset + shard.length)
        await limited(transferTimeout(shard.length), 'a shard', inner =>
          sendValues(channel, float32, part, clock, inner),
        )
      }
    })
  })
}

export interface FetchStateComponents {
  transport: Transport
  /** Peers to ask, the best first. Asked again when they were all tried, so that newly found peers count. */
  candidates(): readonly PeerId[]
  layout: ParameterLayout
  run: string
  clock: Clock
}

export interface FetchedState {
  /** Local steps and tokens of the most advanced source. */
  step: number
  tokens: number
  /** Who handed over at least one shard. */
  sources: PeerId[]
  /** Attempts that failed, in order. */
  failures: { peer: PeerId; reason: string }[]
}

/** Milliseconds between two rounds of asking, and rounds without progress before giving up. */
const ROUND = { pause: 1000, fruitless: 5 }

/** Attempts at a peer that cannot be reached or breaks off. Whoever hands over wrong data gets no second one. */
const MAX_ATTEMPTS = 3

/** Rounds for which a peer may go on starting: it tells of its run before it has compiled, and perhaps tokenised, anything. */
const STARTING_ROUNDS = 60

/**
 * Fills `into` with parameters from the swarm, shard by shard, each verified by its hash. When a source dies, the
 * shards that are verified stay and the rest comes from the next one. Waits for busy peers as long as the
 * signal lets it, and a minute for those that are still starting.
 * @param into as long as the layout; holds anything when it fails
 * @throws MurmurError `STATE_UNAVAILABLE` when there is nobody left to ask; the signal's reason
 */
export async function fetchState(
  components: FetchStateComponents,
  into: Float32Array,
  signal: AbortSignal,
): Promise<FetchedState> {
  return await new StateFetch(components, into).run(signal)
}

class StateFetch {
  readonly #components: FetchStateComponents
  readonly #into: Float32Array
  readonly #digest: string
  readonly #missing: Set<Shard>
  readonly #attempts = new Map<PeerId, number>()
  readonly #starting = new Map<PeerId, number>()
  readonly #state: FetchedState = { step: 0, tokens: 0, sources: [], failures: [] }

  constructor(components: FetchStateComponents, into: Float32Array) {
    this.#components = components
    this.#into = into
    this.#digest = layoutDigest(components.layout)
    this.#missing = new Set(components.layout.shards)
  }

  async run(signal: AbortSignal): Promise<FetchedState> {
    const { candidates, clock } = this.#components
    for (let fruitless = 0; fruitless < ROUND.fruitless; ) {
      fruitless += 1
      for (const peer of new Set(candidates())) {
        if ((this.#attempts.get(peer) ?? 0) >= MAX_ATTEMPTS) continue
        const { size } = this.#missing
        const answer = await this.#tryFrom(peer, signal)
        if (this.#missing.size === 0) return this.#state
        if (this.#missing.size < size || answer === 'busy') fruitless = 0
      }
      await clock.sleep(ROUND.pause, signal)
    }
    const { failures } = this.#state
    throw new MurmurError({
      code: 'STATE_UNAVAILABLE',
      message: `Expected a peer to hand over its parameters, got ${failures.map(f => f.reason).join('; ') || 'nobody to ask'}`,
      details: { failures: failures.slice(-16), missing: this.#missing.size },
    })
  }

  async #tryFrom(peer: PeerId, signal: AbortSignal): Promise<'taken' | 'busy' | 'failed'> {
    const { transport, clock } = this.#components
    let channel: Channel | undefined
    try {
      channel = await withDeadline(clock, ANSWER_TIMEOUT, `opening a stream to ${peer}`, signal, inner =>
        transport.open(peer, STATE_PROTOCOL, inner),
      )
      const taken = await this.#takeFrom(channel, signal)
      channel.close().catch(error => channel?.abort(error))
      return taken
    } catch (error) {
      channel?.abort(error instanceof Error ? error : new Error(String(error)))
      signal.throwIfAborted()
      // A peer of this run that does not hand state over is one that does not yet.
      if (isErrorCode(error, 'PROTOCOL_MISMATCH') && this.#waitFor(peer)) return 'busy'
      const fault = error instanceof MurmurError && FOR_GOOD.has(error.code)
      this.#attempts.set(peer, fault ? MAX_ATTEMPTS : (this.#attempts.get(peer) ?? 0) + 1)
      this.#state.failures.push({ peer, reason: error instanceof Error ? error.message : String(error) })
      return 'failed'
    }
  }

  #waitFor(peer: PeerId): boolean {
    const rounds = (this.#starting.get(peer) ?? 0) + 1
    this.#starting.set(peer, rounds)
    return rounds <= STARTING_ROUNDS
  }

  /** Takes every missing shard from one peer; nothing if it is busy. */
  async #takeFrom(channel: Channel, signal: AbortSignal): Promise<'taken' | 'busy'> {
    const { clock, run } = this.#components
    const answer = await withDeadline(clock, ANSWER_TIMEOUT, `asking ${channel.peer}`, signal, async inner => {
      await sendState(channel, { type: 'ask', version: STATE_VERSION, run, layout: this.#digest }, inner)
      return await receiveState(channel, ['manifest', 'refused'], inner)
    })
    if (answer.type === 'refused') {
      if (answer.reason === 'busy') return 'busy'
      throw new MurmurError({
        code: answer.reason === 'mismatch' ? 'RUN_MISMATCH' : 'VALUES_INVALID',
        message: `peer ${channel.peer} refused: ${answer.reason}`,
      })
    }
    for (const shard of this.#missing) {
      await withDeadline(clock, transferTimeout(shard.length), `${shard.name} of ${channel.peer}`, signal, inner =>
        this.#takeShard(channel, shard, answer, inner),
      )
      this.#missing.delete(shard)
      if (!this.#state.sources.includes(channel.peer)) this.#state.sources.push(channel.peer)
      this.#state.step = Math.max(this.#state.step, answer.step)
      this.#state.tokens = Math.max(this.#state.tokens, answer.tokens)
    }
    return 'taken'
  }

  async #takeShard(channel: Channel, shard: Shard, manifest: Manifest, signal: AbortSignal): Promise<void> {
    const listed = manifest.shards.find(({ name }) => name === shard.name)
    if (listed?.length !== shard.length) {
      throw invalid(channel.peer, `${shard.length} values of ${shard.name}, got ${listed?.length ?? 'none'}`)
    }
    await sendState(channel, { type: 'want', shard: shard.name }, signal)
    const decoder = float32.decoder(this.#into.subarray(shard.offset, shard.offset + shard.length))
    const hash = createHash('sha256')
    for await (const chunk of channel.receiveBulk(float32.encodedLength(shard.length), signal)) {
      hash.update(chunk)
      decoder.write(chunk)
    }
    decoder.end()
    if (hash.digest('hex') !== listed.sha256) {
      throw invalid(channel.peer, `${shard.name} with the hash of its manifest, got another`)
    }
  }
}

/** What is wrong with a peer, not with the way to it. */
const FOR_GOOD: ReadonlySet<string> = new Set([
  'RUN_MISMATCH',
  'PROTOCOL_MISMATCH',
  'MESSAGE_INVALID',
  'VALUES_INVALID',
])

function invalid(peer: PeerId, problem: string): MurmurError {
  return new MurmurError({ code: 'MESSAGE_INVALID', message: `Expected from peer ${peer} ${problem}` })
}
