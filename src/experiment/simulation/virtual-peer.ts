import type { TrainerState } from '../../compute/trainer/trainer.ts'
import type { PooledTrainer, TrainerPool } from '../../compute/trainer/trainer-pool.ts'
import type { Random } from '../../core/random.ts'
import type { TelemetryEvent } from '../../core/telemetry.ts'
import type { VirtualTime } from '../../core/virtual-time.ts'
import type { SimulatedNetwork } from '../../network/simulation/simulated-network.ts'
import type { PeerId } from '../../network/transport.ts'
import { createPeer } from '../../peer/peer.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import { mortalClock } from './mortal-clock.ts'
import { timedGraph } from './timed-graph.ts'

export interface VirtualPeerComponents {
  time: VirtualTime
  network: SimulatedNetwork
  pool: TrainerPool
  random: Random
}

export interface VirtualPeerInit {
  id: PeerId
  specification: RunSpecification
  partition: number
  /** Where it is: peers of one region are near each other. */
  region: string
  /** Peers that begin together. */
  quorum: number
  /** Milliseconds of the steps of the peer's n-th life, one after the other. */
  steps(life: number): () => number
  /** Keeps checkpoints, for a life after this one. */
  keepsCheckpoints: boolean
  onEvent(event: TelemetryEvent): void
  /** It ended by itself: its steps are done, or it failed. */
  onEnd(error: unknown): void
}

/**
 * One peer of a simulation, with all its lives: the same `createPeer` as everywhere, on a network and a clock that are
 * virtual, with a trainer whose gradients are real and whose steps take virtual time.
 */
export class VirtualPeer {
  readonly id: PeerId
  readonly #c: VirtualPeerComponents
  readonly #init: VirtualPeerInit
  #trainer: PooledTrainer | undefined
  #checkpoint: (TrainerState & { tokens: number }) | undefined
  #lives = 0
  #death = new AbortController()

  constructor(components: VirtualPeerComponents, init: VirtualPeerInit) {
    this.id = init.id
    this.#c = components
    this.#init = init
  }

  get isUp(): boolean {
    return this.#trainer !== undefined
  }

  /** Its parameters as they are now; undefined while it is down. */
  get parameters(): Float32Array | undefined {
    return this.#trainer?.parameters
  }

  /** Begins a life; from the last checkpoint, if it had one before. */
  async start(): Promise<void> {
    const { network, pool, random } = this.#c
    const { id, specification, partition, region, quorum } = this.#init
    const life = this.#lives++
    this.#death = new AbortController()
    const { signal: dead } = this.#death
    const clock = mortalClock(this.#c.time, dead)
    const stepTime = this.#init.steps(life)
    const pooled = await pool.trainer({
      partition,
      stream: life === 0 ? id : `${id} ${life}`,
      clock,
      adapt: graph => timedGraph(graph, this.#c.time, stepTime, dead),
    })
    const { trainer } = pooled
    if (this.#checkpoint) await trainer.restore(this.#checkpoint)
    const { step, tokens } = this.#checkpoint ?? { step: 0, tokens: 0 }
    const transport = network.transport(id)
    await transport.start()
    this.#trainer = pooled
    const peer = createPeer(
      {
        transport,
        trainer,
        checkpoints: { write: state => this.#keep(state) },
        clock,
        random: random.fork(id).fork(life),
        telemetry: {
          record: event => {
            if (!dead.aborted) this.#init.onEvent(event)
          },
        },
      },
      { specification, region, resumed: this.#checkpoint && { step, tokens }, quorum: life === 0 ? quorum : 1 },
    )
    peer.run(new AbortController().signal).then(
      () => this.#end(dead, undefined),
      error => this.#end(dead, error),
    )
  }

  /** Ends it as SIGKILL would, whatever it is doing. */
  kill(): void {
    this.#death.abort()
    this.#trainer = undefined
    this.#c.network.kill(this.id)
  }

  #end(dead: AbortSignal, error: unknown): void {
    if (dead.aborted) return
    this.#trainer = undefined
    this.#init.onEnd(error)
  }

  async #keep(state: TrainerState & { tokens: number }): Promise<{ path: string; bytes: number }> {
    const path = `${this.id}-${state.step}`
    if (!this.#init.keepsCheckpoints) return { path, bytes: 0 }
    this.#checkpoint = {
      ...state,
      parameters: state.parameters.slice(),
      optimizer: Object.fromEntries(Object.entries(state.optimizer).map(([name, values]) => [name, values.slice()])),
    }
    return { path, bytes: 4 * state.parameters.length }
  }
}
