import type { ExecutionContext } from 'ava'
import { buildTrainer } from '../../src/compute/trainer/build-trainer.ts'
import type { Trainer } from '../../src/compute/trainer/trainer.ts'
import { systemClock } from '../../src/core/clock.ts'
import { random } from '../../src/core/random.ts'
import type { TelemetryEvent } from '../../src/core/telemetry.ts'
import { type MemoryNetwork, memoryNetwork } from '../../src/network/memory.ts'
import { trainerConfig } from '../../src/peer/launch.ts'
import { type CheckpointStore, createPeer, type PeerInit } from '../../src/peer/peer.ts'
import { parseSpecification } from '../../src/peer/specification/parse.ts'
import type { RunSpecification } from '../../src/peer/specification/schema.ts'

/** A run of a tiny model, so small that a step takes a millisecond. */
export function tinySpecification(text: string, changes: object = {}): RunSpecification {
  return parseSpecification(
    JSON.stringify({
      name: 'tiny',
      model: { layers: 1, width: 16, heads: 2, context: 16 },
      data: { paths: [text], partitions: 3 },
      batch: 4,
      steps: 150,
      optimizer: { learningRate: 0.01 },
      schedule: { kind: 'constant', warmup: 5 },
      shards: 2,
      averaging: { every: 5 },
      // Patient: one thread does everything here, and may be slow at it.
      heartbeat: { interval: 0.1, timeout: 10 },
      evaluation: { every: 1000, batches: 2 },
      checkpoint: { every: 1000 },
      ...changes,
    }),
  )
}

interface Written {
  step: number
  tokens: number
}

export interface PeerUnderTest {
  id: string
  trainer: Trainer
  events: TelemetryEvent[]
  written: Written[]
  ended: Promise<void>
  /** Asks it to leave, as Ctrl-C does. */
  stop(): void
  /** Resolves with the first event, past or to come, that the test accepts. Rejects when the peer ended without it. */
  event<K extends TelemetryEvent['type']>(
    type: K,
    accepts?: (event: Extract<TelemetryEvent, { type: K }>) => boolean,
  ): Promise<Extract<TelemetryEvent, { type: K }>>
  all<K extends TelemetryEvent['type']>(type: K): Extract<TelemetryEvent, { type: K }>[]
  states(): string[]
}

export interface AddPeerInit extends Omit<PeerInit, 'specification'> {
  /** Whom it dials before it begins. */
  dials?: readonly string[]
  partition?: number
  write?: CheckpointStore['write']
  /** Puts something else in the trainer's place. */
  wrap?: (trainer: Trainer) => Trainer
  specification?: RunSpecification
}

/** Several peers with trainers of their own, in one thread on one memory network. */
export class SwarmInProcess {
  readonly network: MemoryNetwork = memoryNetwork()
  readonly #t: ExecutionContext
  readonly #specification: RunSpecification

  constructor(t: ExecutionContext, specification: RunSpecification) {
    this.#t = t
    this.#specification = specification
  }

  async add(id: string, init: AddPeerInit = {}): Promise<PeerUnderTest> {
    const {
      dials = [],
      partition = 0,
      wrap = trainer => trainer,
      specification = this.#specification,
      ...peerInit
    } = init
    const trainer = wrap(
      await buildTrainer(trainerConfig({ specification, partition, stream: id }, { compute: { threads: 1 } })),
    )
    const transport = this.network.transport(id)
    await transport.start()
    const stop = new AbortController()
    const events: TelemetryEvent[] = []
    const written: Written[] = []
    const listeners = new Set<() => void>()
    const write: CheckpointStore['write'] =
      init.write ??
      (async ({ step, tokens }) => {
        written.push({ step, tokens })
        return { path: `${id}-${step}`, bytes: 1 }
      })
    const peer = createPeer(
      {
        transport,
        trainer,
        checkpoints: { write },
        clock: systemClock,
        random: random(id),
        telemetry: {
          record(event) {
            events.push(event)
            for (const listener of listeners) listener()
          },
        },
      },
      // What one thread does for everybody is not done in time for leaving.
      { specification, lastExchange: 60, ...peerInit },
    )
    for (const other of dials) await transport.dial(`/memory/${other}`, stop.signal)
    const ended = peer.run(stop.signal)
    ended.catch(() => {}) // looked at by the test
    this.#t.teardown(async () => {
      stop.abort()
      await ended.catch(() => {})
      await transport.stop()
      await trainer.close()
    })
    const all = <K extends TelemetryEvent['type']>(type: K) =>
      events.filter((event): event is Extract<TelemetryEvent, { type: K }> => event.type === type)
    return {
      id,
      trainer,
      events,
      written,
      ended,
      stop: () => stop.abort(),
      all,
      states: () => all('state').map(({ state }) => state),
      event: (type, accepts = () => true) =>
        new Promise((resolve, reject) => {
          const look = () => {
            const found = all(type).find(accepts)
            if (!found) return
            listeners.delete(look)
            resolve(found)
          }
          listeners.add(look)
          look()
          ended
            .catch(() => {})
            .then(() => reject(new Error(`${id} ended without the ${type}: ${JSON.stringify(events.slice(-5))}`)))
        }),
    }
  }
}
