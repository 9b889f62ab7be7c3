import { type TrainerPool, trainerPool } from '../../compute/trainer/trainer-pool.ts'
import { type Random, random } from '../../core/random.ts'
import { type VirtualTime, virtualTime } from '../../core/virtual-time.ts'
import { type ChurnInit, churnSchedule } from '../../network/simulation/churn.ts'
import { type ComputeTimeInit, computeTime } from '../../network/simulation/compute-time.ts'
import { createLinks, type LinksInit } from '../../network/simulation/links.ts'
import { type SimulatedNetwork, simulatedNetwork } from '../../network/simulation/simulated-network.ts'
import { trainerConfig } from '../../peer/launch.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import type { CellRecord, CellSample } from '../cell-record.ts'
import type { CellOutcome } from '../cells/outcome.ts'
import { judgeTarget } from '../cells/target.ts'
import { type Ledger, ledger } from './ledger.ts'
import { sampleSwarm } from './sampling.ts'
import { VirtualPeer } from './virtual-peer.ts'

/** What happens in a cell, everything but its name. */
export interface Scenario {
  /** Peers that begin together. */
  peers: number
  /** Of the peers; its `steps` are those that a peer would make if all made as many. */
  run: RunSpecification
  compute: ComputeTimeInit
  links: LinksInit
  /** @default nobody fails */
  churn?: ChurnInit
  seed: number
  /** Samples over the run, spread evenly over its tokens; one more before it begins. */
  samples: number
  /** Loss of the averaged model to reach, in nats per token. */
  target?: number
  /** Virtual seconds after which the cell ends, whatever it has done. */
  timeLimit: number
  /** Every peer makes its own share of the steps and no more, as a real one does. @default false: who is fast makes more */
  ownSteps?: boolean
  /** Their names, from which the order of their data follows. @default peer-0000, peer-0001 ... */
  names?: readonly string[]
}

export interface SimulateInit {
  signal?: AbortSignal
  /** Told how much of the tokens are done, in [0, 1]. */
  onProgress?(fraction: number): void
}

/** Where the budget is the swarm's, a peer's own steps have no end. */
const STEPS_WITHOUT_END = 1_000_000_000

/**
 * Trains a swarm in virtual time until all peers together have seen the run's tokens. The same scenario gives the same
 * outcome, on one kind of processor to the bit.
 * @throws MurmurError whatever opening the data and the model throws; the signal's reason
 */
export async function simulate(scenario: Scenario, init: SimulateInit = {}): Promise<CellOutcome> {
  const { run, seed } = scenario
  const specification = { ...run, seed }
  const pool = await trainerPool(trainerConfig({ specification, partition: 0 }, { compute: { threads: 1 } }))
  try {
    return await new Simulation(pool, scenario, init).run()
  } finally {
    await pool.close()
  }
}

class Simulation {
  readonly #pool: TrainerPool
  readonly #scenario: Scenario
  readonly #init: SimulateInit
  readonly #time: VirtualTime = virtualTime()
  readonly #random: Random
  readonly #network: SimulatedNetwork
  readonly #ledger: Ledger
  readonly #peers: readonly VirtualPeer[]
  readonly #samples: CellSample[] = []
  readonly #budget: number
  readonly #over = Promise.withResolvers<Pick<CellRecord, 'status' | 'reason'>>()
  /** Milliseconds of virtual time at which each life began, by peer. */
  readonly #upSince = new Map<string, number>()
  #upMs = 0
  /** Milliseconds of virtual time at which the first peer began to train. */
  #started: number | undefined
  #sampling = false

  constructor(pool: TrainerPool, scenario: Scenario, init: SimulateInit) {
    const { peers, run, seed, ownSteps = false } = scenario
    this.#pool = pool
    this.#scenario = scenario
    this.#init = init
    this.#random = random(seed).fork('simulation')
    this.#ledger = ledger(pool.tokensPerStep)
    this.#budget = peers * run.steps * pool.tokensPerStep
    const ids = Array.from({ length: peers }, (_, i) => scenario.names?.[i] ?? `peer-${String(i).padStart(4, '0')}`)
    const links = createLinks(scenario.links, ids, this.#random.fork('links'))
    this.#network = simulatedNetwork({ time: this.#time, random: this.#random.fork('network'), links })
    const times = computeTime(scenario.compute, this.#random.fork('compute'), ids)
    const specification = { ...run, seed, steps: ownSteps ? run.steps : STEPS_WITHOUT_END }
    this.#peers = ids.map(
      (id, i) =>
        new VirtualPeer(
          { time: this.#time, network: this.#network, pool, random: this.#random.fork('peers') },
          {
            id,
            specification,
            partition: i % run.data.partitions,
            region: `${links.region(id)}`,
            quorum: peers,
            steps: life => times.steps(id, life),
            keepsCheckpoints: scenario.churn !== undefined,
            onEvent: event => {
              this.#ledger.record(event)
              if (event.type === 'step') this.#onStep()
              else if (event.type === 'state' && event.state === 'training') this.#started ??= this.#time.now()
            },
            onEnd: error => this.#onEnd(id, error),
          },
        ),
    )
  }

  async run(): Promise<CellOutcome> {
    const { timeLimit } = this.#scenario
    this.#time.schedule(timeLimit * 1000, () => this.#giveUp())
    this.#planChurn()
    const main = (async () => {
      await this.#sample()
      for (const peer of this.#peers) await this.#start(peer)
      return await this.#over.promise
    })()
    const outcome = await this.#time.run(main, { signal: this.#init.signal })
    for (const peer of this.#peers) peer.kill()
    return { ...outcome, samples: this.#samples, summary: this.#summary() }
  }

  #planChurn(): void {
    const { churn, timeLimit } = this.#scenario
    if (!churn) return
    const ids = this.#peers.map(({ id }) => id)
    for (const { at, peer: id, change } of churnSchedule(churn, ids, timeLimit * 1000, this.#random.fork('churn'))) {
      const peer = this.#peers.find(candidate => candidate.id === id)!
      this.#time.schedule(at, () => {
        if (change === 'kill') this.#kill(peer)
        else void this.#start(peer).catch(error => this.#over.reject(error))
      })
    }
  }

  async #start(peer: VirtualPeer): Promise<void> {
    this.#upSince.set(peer.id, this.#time.now())
    await this.#time.busy(peer.start())
  }

  #kill(peer: VirtualPeer): void {
    if (!peer.isUp) return
    peer.kill()
    this.#wentDown(peer.id)
  }

  #wentDown(id: string): void {
    this.#upMs += this.#time.now() - (this.#upSince.get(id) ?? this.#time.now())
    this.#upSince.delete(id)
  }

  #onEnd(id: string, error: unknown): void {
    this.#wentDown(id)
    if (this.#scenario.ownSteps && error === undefined) return
    const what = error instanceof Error ? error.message : 'it ended before the run did'
    this.#over.resolve({ status: 'failed', reason: `${id}: ${what}` })
  }

  #onStep(): void {
    const { samples } = this.#scenario
    const { tokens } = this.#ledger
    this.#init.onProgress?.(Math.min(1, tokens / this.#budget))
    if (this.#sampling || tokens < (this.#samples.length * this.#budget) / samples) return
    this.#sampling = true
    this.#sample().then(
      () => {
        this.#sampling = false
        if (this.#ledger.tokens >= this.#budget) this.#over.resolve(this.#finished())
      },
      error => this.#over.reject(error),
    )
  }

  /** Time stands still meanwhile. */
  async #sample(): Promise<void> {
    const live = this.#peers.flatMap(({ parameters }) => parameters ?? [])
    const spent = { tokens: this.#ledger.tokens, time: this.#time.now() / 1000, bytes: this.#bytesSent() }
    const vectors = live.length > 0 ? live : [await this.#initialParameters()]
    const measured = await this.#time.busy(sampleSwarm(this.#pool, vectors))
    this.#samples.push({ ...spent, ...measured })
  }

  async #initialParameters(): Promise<Float32Array> {
    const { parameters } = await this.#pool.trainer({ partition: 0, stream: 'initial', clock: this.#time })
    return parameters
  }

  #bytesSent(): number {
    return this.#peers.reduce((sum, { id }) => {
      const { streams, published } = this.#network.traffic(id)
      return sum + streams.sent + published.sent
    }, 0)
  }

  #giveUp(): void {
    const done = Math.floor((100 * this.#ledger.tokens) / this.#budget)
    const reason = `${this.#scenario.timeLimit} virtual seconds were over with ${done}% of the tokens`
    const finished = this.#finished()
    this.#over.resolve(finished.status === 'censored' ? { ...finished, reason } : { status: 'failed', reason })
  }

  #finished(): Pick<CellRecord, 'status' | 'reason'> {
    return { status: judgeTarget(this.#samples, this.#scenario.target).status }
  }

  #summary(): CellOutcome['summary'] {
    for (const id of [...this.#upSince.keys()]) this.#wentDown(id)
    const { steps, tokens } = this.#ledger
    const bytes = this.#bytesSent()
    return {
      ...this.#ledger.summary(this.#upMs),
      bytesPerPeerPerStep: steps > 0 ? bytes / steps : 0,
      bytesPerToken: tokens > 0 ? bytes / tokens : 0,
      ...judgeTarget(this.#samples, this.#scenario.target).summary,
      started: (this.#started ?? 0) / 1000,
    }
  }
}
