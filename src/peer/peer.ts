import type { StepReport, Trainer, TrainerState } from '../compute/trainer/trainer.ts'
import type { Clock } from '../core/clock.ts'
import { withDeadline } from '../core/deadline.ts'
import { sharedFloats } from '../core/parameters.ts'
import type { Random } from '../core/random.ts'
import { type SingleFlight, singleFlight } from '../core/single-flight.ts'
import type { StateEvent, Telemetry } from '../core/telemetry.ts'
import type { Averager } from '../exchange/averaging/averager.ts'
import { createAverager } from '../exchange/averaging/registry.ts'
import { type Membership, membership } from '../network/membership.ts'
import type { PeerId, Transport } from '../network/transport.ts'
import { serveRun } from './handover/run.ts'
import { fetchState, serveState } from './handover/state.ts'
import { progressMeter } from './progress-meter.ts'
import { canonicalSpecification, runId } from './specification/canonical.ts'
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
  /**
   * Seconds a peer that finished its steps goes on answering the others' exchanges, at most; it leaves earlier when
   * nobody trains any more. @default 30
   */
  linger?: number
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

/** Milliseconds each part of a polite leave may take; together less than the 5 seconds that a user waits. */
const LEAVE_MS = { step: 1200, exchange: 1000, checkpoint: 1500, goodbye: 300 }

/** Seconds a joiner looks for somebody who hands the parameters over. */
const FETCH_DEADLINE_S = 120

/** A resumed peer this many exchange periods behind the swarm takes over the swarm's parameters. */
const RESUME_LAG_PERIODS = 5

class MeshPeer implements Peer {
  readonly #c: PeerComponents
  readonly #specification: RunSpecification
  readonly #introducer: PeerId | undefined
  readonly #lingerMs: number
  readonly #run: string
  readonly #membership: Membership
  readonly #averager: Averager
  readonly #meter = progressMeter()
  readonly #evaluation: SingleFlight
  readonly #checkpoint: SingleFlight
  readonly #resumed: boolean
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
    this.#lingerMs = (init.linger ?? 30) * 1000
    this.#resumed = init.resumed !== undefined
    this.#step = init.resumed?.step ?? 0
    this.#tokens = init.resumed?.tokens ?? 0
    this.#run = runId(init.specification)
    const { heartbeat, limits, averaging } = init.specification
    this.#membership = membership(
      { transport, clock, random: random.fork('membership'), telemetry },
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
      clock,
      random: random.fork('averaging'),
      telemetry,
    })
    this.#evaluation = singleFlight(() => this.#warnIfFailing('evaluation-failed', () => this.#evaluate()))
    this.#checkpoint = singleFlight(() => this.#warnIfFailing('checkpoint-failed', () => this.#save()))
  }

  async run(signal: AbortSignal): Promise<void> {
    const life = new AbortController()
    try {
      await this.#arrive(AbortSignal.any([signal, life.signal]))
      await this.#train(signal)
      await this.#linger(signal)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      await this.#leave(signal)
      life.abort()
    }
  }

  async #arrive(signal: AbortSignal): Promise<void> {
    const { transport, trainer } = this.#c
    this.#enter('connecting')
    this.#membership.update({
      state: 'joining',
      shards: trainer.layout.shards.map(shard => shard.name),
      backend: trainer.description.backend,
    })
    await serveRun(transport, canonicalSpecification(this.#specification))
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
    else if (this.#resumed) await this.#catchUp(signal)
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

  /** A peer that was away for long would pull its partners back to where it left. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const { clock } = this.#c
    const { averaging, heartbeat } = this.#specification
    if (averaging.algorithm === 'none') return
    await clock.sleep(heartbeat.interval * 1000, signal) // until those who are there were heard
    const ahead = this.#membership
      .peers()
      .filter(member => member.step - this.#step > RESUME_LAG_PERIODS * averaging.every)
    if (ahead.length > 0)
      await this.#takeOver(
        ahead.map(member => member.peer),
        signal,
      )
  }

  #established(): PeerId[] {
    return this.#membership
      .peers()
      .filter(member => member.state !== 'joining')
      .map(member => member.peer)
  }

  async #train(signal: AbortSignal): Promise<void> {
    const { trainer, clock } = this.#c
    this.#enter('training')
    this.#membership.update({ state: 'training', step: this.#step, tokens: this.#tokens })
    this.#trained = true
    this.#evaluation.start()
    this.#checkpoint.start() // so that a crash of the first minutes costs no second hand-over
    const training = trainer.run(this.#specification.steps, report => this.#onStep(report), signal)
    await Promise.race([training, aborted(signal)])
    if (signal.aborted) await withDeadline(clock, LEAVE_MS.step, 'the step under way', undefined, () => training)
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
    while (clock.now() < end && this.#membership.peers().some(member => member.state === 'training')) {
      await clock.sleep(heartbeat.interval * 500, signal)
    }
  }

  async #leave(signal: AbortSignal): Promise<void> {
    const { clock } = this.#c
    this.#enter('stopping')
    try {
      await withDeadline(clock, LEAVE_MS.exchange, 'the exchange under way', undefined, deadline =>
        this.#averager.stop(deadline),
      ).catch(error => this.#warn('exchange-cut-short', error))
      if (!this.#trained) return
      if (!signal.aborted) await this.#evaluate()
      await withDeadline(clock, LEAVE_MS.checkpoint, 'the last checkpoint', undefined, async () => {
        await this.#checkpoint.idle()
        await this.#save()
      })
    } finally {
      await withDeadline(clock, LEAVE_MS.goodbye, 'the goodbye', undefined, deadline =>
        this.#membership.stop(deadline),
      ).catch(error => this.#warn('goodbye-cut-short', error))
      this.#enter('stopped')
    }
  }

  async #evaluate(): Promise<void> {
    this.#c.telemetry.record({ type: 'evaluation', ...(await this.#c.trainer.evaluate()) })
  }

  async #save(): Promise<void> {
    const start = this.#c.clock.now()
    const state = await this.#c.trainer.save()
    const tokens = this.#tokens
    const { path, bytes } = await this.#c.checkpoints.write({ ...state, tokens })
    this.#c.telemetry.record({ type: 'checkpoint', step: state.step, path, bytes, ms: this.#c.clock.now() - start })
  }

  async #warnIfFailing(reason: string, task: () => Promise<void>): Promise<void> {
    await task().catch(error => this.#warn(reason, error))
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

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
