import type { StepReport, Trainer, TrainerState } from '../compute/trainer/trainer.ts'
import type { Clock } from '../core/clock.ts'
import { withDeadline } from '../core/deadline.ts'
import { isErrorCode, MurmurError } from '../core/errors.ts'
import { median } from '../core/median.ts'
import { sharedFloats } from '../core/parameters.ts'
import type { Random } from '../core/random.ts'
import { type SingleFlight, singleFlight } from '../core/single-flight.ts'
import type { StateEvent, Telemetry, TelemetryEvent } from '../core/telemetry.ts'
import { allFinite } from '../core/vector.ts'
import type { Averager } from '../exchange/averager.ts'
import { createAverager } from '../exchange/averaging/registry.ts'
import { type Membership, membership } from '../network/membership.ts'
import type { Status } from '../network/status.ts'
import type { PeerId, Transport } from '../network/transport.ts'
import { fetchState, serveState } from './handover/state.ts'
import { progressMeter } from './progress-meter.ts'
import { runId } from './specification/canonical.ts'
import type { RunSpecification } from './specification/schema.ts'

export interface PeerComponents {
  /** Started. The peer leaves it running: who made it stops it. */
  transport: Transport
  /** Idle. The peer leaves it open: who made it closes it. */
  trainer: Trainer
  checkpoints: CheckpointStore
  clock: Clock
  random: Random
  telemetry: Telemetry
  /** Told of every status that another peer published. Must return at once and never throw. */
  onStatus?(peer: PeerId, status: Status): void
}

/** Where a peer's progress survives it. */
export interface CheckpointStore {
  /** Durable once resolved. @throws MurmurError `STORAGE_FAILED` */
  write(state: TrainerState & { tokens: number }): Promise<{ path: string; bytes: number }>
}

export interface PeerInit {
  specification: RunSpecification
  /** What an earlier session finished; the trainer already holds its state. @default nothing */
  resumed?: { step: number; tokens: number }
  /** Takes over the swarm's parameters before training, asking this peer first. @default trains from its own */
  introducer?: PeerId
  /** Nobody can reach it, so it looks for nobody. @default false */
  alone?: boolean
  /**
   * Seconds a peer that finished its steps goes on answering the others' exchanges, at most; it leaves earlier when
   * nobody else has steps to make. @default 30
   */
  linger?: number
  /** Seconds that an exchange under way may still take when this peer leaves. Must be > 0. @default 1.2 */
  lastExchange?: number
  /**
   * Peers, this one included, that must be there and hold the swarm's parameters before the first step; a minute later
   * it begins without them. Must be >= 1. @default 1
   */
  quorum?: number
  /** Where this peer is, for algorithms that average often inside a region and seldom between. @default unsaid */
  region?: string
}

export interface Peer {
  /**
   * Joins, trains, averages, writes checkpoints; resolves when the run's steps are done or the signal fired, after a
   * polite goodbye. @throws MurmurError `STATE_UNAVAILABLE`, `TRAINER_FAILED`, `VALUES_INVALID`, `STORAGE_FAILED`
   */
  run(signal: AbortSignal): Promise<void>
}

/** The same peer on a real mesh, in one process and in virtual time: the components decide. */
export function createPeer(components: PeerComponents, init: PeerInit): Peer {
  return new MeshPeer(components, init)
}

/**
 * Milliseconds each part of a polite leave may take, after the step under way; together less than the 5 seconds that a
 * user waits. A large checkpoint gets more: to cut it short would lose the work since the one before.
 */
const LEAVE_MS = { goodbye: 300, exchange: 1200, checkpoint: 2000 }

/** Bytes a millisecond below which a disk counts as stuck. */
const SLOWEST_DISK = 20_000

/** Milliseconds to wait for a quorum. */
const GATHER_MS = 60_000

/** Seconds a joiner looks for somebody who hands the parameters over. */
const FETCH_DEADLINE_S = 120

/** A peer that continues takes over the swarm's parameters when it is this many exchange periods behind. */
const RESUME_LAG_PERIODS = 5

class MeshPeer implements Peer {
  readonly #c: PeerComponents
  readonly #specification: RunSpecification
  readonly #introducer: PeerId | undefined
  readonly #alone: boolean
  readonly #lingerMs: number
  readonly #lastExchangeMs: number
  readonly #quorum: number
  readonly #region: string | undefined
  readonly #run: string
  readonly #membership: Membership
  readonly #averager: Averager
  readonly #meter = progressMeter()
  readonly #evaluation: SingleFlight
  readonly #checkpoint: SingleFlight
  readonly #resumed: boolean
  /** The user's wish to stop, once training has begun. */
  #interrupted: AbortSignal | undefined
  /** Holds parameters worth handing over. */
  #ready = false
  #trained = false
  #step: number
  #tokens: number

  constructor(components: PeerComponents, init: PeerInit) {
    const { transport, trainer, clock, random, telemetry } = components
    this.#c = components
    this.#specification = init.specification
    this.#introducer = init.introducer
    this.#alone = init.alone ?? false
    this.#lingerMs = (init.linger ?? 30) * 1000
    this.#lastExchangeMs = init.lastExchange === undefined ? LEAVE_MS.exchange : init.lastExchange * 1000
    this.#quorum = init.quorum ?? 1
    this.#region = init.region
    this.#resumed = init.resumed !== undefined
    this.#step = init.resumed?.step ?? 0
    this.#tokens = init.resumed?.tokens ?? 0
    this.#run = runId(init.specification)
    const { heartbeat, limits, averaging } = init.specification
    this.#membership = membership(
      { transport, clock, random: random.fork('membership'), telemetry, onStatus: components.onStatus },
      {
        run: this.#run,
        heartbeatMs: heartbeat.interval * 1000,
        timeoutMs: heartbeat.timeout * 1000,
        maxPeers: limits.peers,
      },
    )
    this.#averager = createAverager(averaging)({
      transport,
      parameters: trainer,
      shards: trainer.layout.shards,
      run: this.#run,
      partners: shard => this.#membership.hosts(shard),
      training: shard => this.#membership.training(shard),
      regionOf: peer => (peer === transport.id ? this.#region : this.#membership.get(peer)?.region),
      progress: peer => this.#membership.get(peer)?.step ?? 0,
      clock,
      random: random.fork('averaging'),
      telemetry: { record: event => this.#onAveraging(event) },
    })
    this.#evaluation = singleFlight(() => this.#warnIfFailing('evaluation-failed', () => this.#evaluate()))
    this.#checkpoint = singleFlight(() => this.#warnIfFailing('checkpoint-failed', () => this.#save()))
  }

  async run(signal: AbortSignal): Promise<void> {
    let failure: { error: unknown } | undefined
    try {
      await this.#arrive(signal)
      await this.#train(signal)
      await this.#linger(signal)
    } catch (error) {
      if (!signal.aborted) failure = { error }
      else if (!isErrorCode(error, 'CANCELLED')) this.#warn('interrupted', error)
    }
    // What fails on the way out must not hide why it was taken.
    await this.#leave(signal, failure?.error).catch((error: unknown) => {
      if (failure) this.#warn('leave-failed', error)
      else failure = { error }
    })
    if (failure) throw failure.error
  }

  async #arrive(signal: AbortSignal): Promise<void> {
    const { transport, trainer } = this.#c
    this.#enter('connecting')
    this.#membership.update({
      state: 'joining',
      shards: trainer.layout.shards.map(shard => shard.name),
      backend: trainer.description.backend,
      region: this.#region,
    })
    await serveState({
      transport,
      parameters: trainer,
      layout: trainer.layout,
      run: this.#run,
      clock: this.#c.clock,
      progress: () => ({ step: this.#step, tokens: this.#tokens }),
      ready: () => this.#ready,
    })
    await this.#membership.start(signal)
    if (this.#introducer && !this.#resumed) await this.#takeOver([this.#introducer], signal)
    else if (!this.#alone) await this.#catchUp(signal)
    this.#ready = true
    await this.#averager.start()
  }

  async #takeOver(first: readonly PeerId[], signal: AbortSignal): Promise<void> {
    const { trainer, clock } = this.#c
    this.#enter('fetching')
    const parameters = sharedFloats(trainer.layout.length)
    const { step } = await withDeadline(clock, FETCH_DEADLINE_S * 1000, 'fetching the parameters', signal, deadline =>
      fetchState(
        {
          transport: this.#c.transport,
          candidates: () => [...first, ...this.#established()],
          layout: trainer.layout,
          run: this.#run,
          clock,
        },
        parameters,
        deadline,
      ),
    )
    await trainer.adopt(parameters, step)
    this.#step = step
  }

  /** A peer that is new, or was away for long, would pull its partners back to where it stands. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const { averaging } = this.#specification
    if (averaging.algorithm === 'none') return
    await this.#listen(signal)
    const tolerated = this.#resumed ? RESUME_LAG_PERIODS * averaging.every : 0
    const ahead = this.#membership.peers().filter(member => member.step - this.#step > tolerated)
    if (ahead.length === 0) return
    const peers = ahead.map(member => member.peer)
    await this.#takeOver(peers, signal).catch((error: unknown) => {
      if (!isErrorCode(error, 'STATE_UNAVAILABLE')) throw error
      this.#warn('catch-up-failed', error) // they have gone: what this peer has is the best there is
    })
  }

  /** Until somebody was heard, or would have been. */
  async #listen(signal: AbortSignal): Promise<void> {
    const heard = new AbortController()
    const unwatch = this.#membership.watch(() => heard.abort())
    const over = AbortSignal.any([signal, heard.signal])
    await this.#c.clock.sleep(this.#specification.heartbeat.interval * 2000, over).catch(() => signal.throwIfAborted())
    unwatch()
  }

  #established(): PeerId[] {
    return this.#membership
      .peers()
      .filter(member => member.state !== 'joining')
      .map(member => member.peer)
  }

  /** Those who begin together have the same steps before them, and nobody is done before another has begun. */
  async #gather(signal: AbortSignal): Promise<void> {
    const { clock } = this.#c
    const missing = () => this.#quorum - 1 - this.#established().length
    const end = clock.now() + GATHER_MS
    while (missing() > 0 && clock.now() < end) {
      await clock.sleep(this.#specification.heartbeat.interval * 500, signal)
    }
    if (missing() > 0) this.#warn('quorum-missed', new Error(`${missing()} of ${this.#quorum} peers have not come`))
  }

  async #train(signal: AbortSignal): Promise<void> {
    this.#membership.update({ state: 'training', step: this.#step, tokens: this.#tokens })
    await this.#gather(signal)
    this.#enter('training')
    this.#trained = true
    this.#interrupted = signal
    this.#evaluation.start()
    this.#checkpoint.start() // so that a crash of the first minutes costs no second hand-over
    await this.#takeSteps(signal)
  }

  async #takeSteps(signal: AbortSignal): Promise<void> {
    const { steps } = this.#specification
    const { barriers, reduceGradient } = this.#averager
    do {
      const barrier = barriers?.after(this.#step) ?? Infinity
      await this.#c.trainer.run(Math.min(barrier, steps), report => this.#onStep(report), signal, reduceGradient)
      if (this.#step === barrier && !signal.aborted) await barriers?.meet(barrier, signal)
    } while (this.#step < steps && !signal.aborted)
  }

  /** Those who look on hear of the exchanges that this peer began. */
  #onAveraging(event: TelemetryEvent): void {
    this.#c.telemetry.record(event)
    if (event.type !== 'exchange' || event.role !== 'initiator') return
    const { id, partner, shard, outcome, ms, staleness, distance, bytesSent, bytesReceived } = event
    this.#membership.tell({ id, partner, shard, outcome, ms, staleness, distance, bytesSent, bytesReceived })
  }

  #onStep(report: StepReport): void {
    const { evaluation, checkpoint } = this.#specification
    const { tokensPerStep } = this.#c.trainer.description
    this.#step = report.step
    this.#tokens += tokensPerStep
    this.#meter.add(report)
    this.#c.telemetry.record({ type: 'step', ...report, tokens: this.#tokens })
    this.#membership.update({
      step: this.#step,
      tokens: this.#tokens,
      loss: this.#meter.loss,
      staleness: median(this.#averager.counters.staleness),
      tokensPerSecond: (tokensPerStep * 1000) / this.#meter.wallMs,
    })
    this.#averager.onStep(report.step)
    if (report.step % evaluation.every === 0) this.#evaluation.start()
    if (report.step % checkpoint.every === 0) this.#checkpoint.start()
  }

  /** Others may still be at it: stay a partner for them until the last one is done. */
  async #linger(signal: AbortSignal): Promise<void> {
    const { clock } = this.#c
    const { averaging, heartbeat } = this.#specification
    if (signal.aborted || averaging.algorithm === 'none') return
    this.#enter('lingering')
    this.#membership.update({ state: 'lingering' })
    const end = clock.now() + this.#lingerMs
    while (clock.now() < end && this.#membership.peers().some(member => member.state !== 'lingering')) {
      await clock.sleep(heartbeat.interval * 500, signal)
    }
  }

  /** @param failure why training ended, if it failed */
  async #leave(signal: AbortSignal, failure: unknown): Promise<void> {
    const { clock } = this.#c
    if (this.#trained && failure === undefined) await this.#evaluateLast(signal) // still everybody's partner
    this.#enter('stopping')
    this.#ready = false
    // The goodbye comes first, so that nobody picks a partner that is about to refuse.
    await withDeadline(clock, LEAVE_MS.goodbye, 'the goodbye', undefined, deadline =>
      this.#membership.stop(deadline),
    ).catch(error => this.#warn('goodbye-cut-short', error))
    await withDeadline(clock, this.#lastExchangeMs, 'the exchange under way', undefined, deadline =>
      this.#averager.stop(deadline),
    ).catch(error => this.#warn('exchange-cut-short', error))
    try {
      const bytes = this.#c.trainer.layout.length * 12 // parameters and two moments
      const ms = Math.ceil(LEAVE_MS.checkpoint + bytes / SLOWEST_DISK)
      await withDeadline(clock, ms, 'the last checkpoint', undefined, async () => {
        await this.#checkpoint.idle()
        // A diverged model is no progress to keep: the next start had better go on from an earlier checkpoint.
        if (this.#trained && !isErrorCode(failure, 'VALUES_INVALID')) await this.#save()
      })
    } finally {
      this.#enter('stopped')
    }
  }

  async #evaluateLast(signal: AbortSignal): Promise<void> {
    await this.#evaluation.idle()
    if (signal.aborted) return
    this.#evaluation.start()
    await this.#evaluation.idle()
  }

  async #evaluate(): Promise<void> {
    const evaluation = await this.#c.trainer.evaluate(this.#interrupted)
    if (!Number.isFinite(evaluation.loss)) throw notFinite(`the validation loss of step ${evaluation.step}`)
    this.#c.telemetry.record({ type: 'evaluation', ...evaluation })
  }

  async #save(): Promise<void> {
    const start = this.#c.clock.now()
    const state = await this.#c.trainer.save()
    if (!allFinite(state.parameters)) throw notFinite(`the parameters of step ${state.step}`)
    const tokens = this.#tokens
    const { path, bytes } = await this.#c.checkpoints.write({ ...state, tokens })
    this.#c.telemetry.record({ type: 'checkpoint', step: state.step, path, bytes, ms: this.#c.clock.now() - start })
  }

  async #warnIfFailing(reason: string, task: () => Promise<void>): Promise<void> {
    await task().catch(error => {
      if (!this.#interrupted?.aborted || !isErrorCode(error, 'CANCELLED')) this.#warn(reason, error)
    })
  }

  #warn(reason: string, error: unknown): void {
    this.#c.telemetry.record({
      type: 'warning',
      reason,
      message: error instanceof Error ? error.message : String(error),
    })
  }

  #enter(state: StateEvent['state']): void {
    this.#c.telemetry.record({ type: 'state', state })
  }
}

function notFinite(what: string): MurmurError {
  return new MurmurError({ code: 'VALUES_INVALID', message: `Expected ${what} to be finite` })
}
