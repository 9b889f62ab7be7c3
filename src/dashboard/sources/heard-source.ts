import type { Clock } from '../../core/clock.ts'
import type { Recorded } from '../../core/telemetry.ts'
import type { Status } from '../../network/status.ts'
import type { RecordSink } from '../../peer/records/recorder.ts'
import type { RunSpecification } from '../../peer/specification/schema.ts'
import type { SourceInfo } from '../api/run.ts'
import { type MemoryLog, type MemoryPosition, memoryLog } from '../timeline/memory-log.ts'
import type { Observation } from '../timeline/observation.ts'
import { type GrowingTimeline, timeline } from '../timeline/timeline.ts'
import { type PeerNames, peerNames } from './peer-names.ts'
import type { Source } from './source.ts'

export interface HeardSourceInit {
  kind: 'status' | 'local'
  /** Where it is heard from. */
  name: string
  run?: string
  specification?: RunSpecification
  /** Observations kept to look back at: about 1 KiB each. Must be >= 4096. @default 65,536 */
  capacity?: number
  /** What the dashboard calls a peer. @default the end of its id */
  nameOf?(peer: string): string | undefined
}

/** A source for what is heard once, as it happens: events of this command's own peers, and heartbeats of others. */
export interface HeardSource extends Source, RecordSink {
  hear(peer: string, status: Status): void
  /** Says more on what is looked at, once it is known. */
  describe(run: { run: string; specification: RunSpecification }): void
  /** Nothing more will come. */
  end(): void
}

const KEYFRAMES_IN_CAPACITY = 32

export function heardSource(components: { clock: Clock }, init: HeardSourceInit): HeardSource {
  return new MemorySource(components.clock, init)
}

class MemorySource implements HeardSource {
  readonly #clock: Clock
  readonly #init: HeardSourceInit
  readonly #log: MemoryLog
  readonly #names: PeerNames = peerNames()
  readonly timeline: GrowingTimeline<MemoryPosition>
  readonly indexed = 1
  readonly provisional = undefined
  #ended = false
  #heard = false
  run: string | undefined
  specification: RunSpecification | undefined

  constructor(clock: Clock, init: HeardSourceInit) {
    const capacity = init.capacity ?? 65_536
    this.#clock = clock
    this.#init = init
    this.#log = memoryLog(capacity)
    this.timeline = timeline(this.#log, {
      keyframeEvery: capacity / KEYFRAMES_IN_CAPACITY,
      nameOf: peer => this.nameOf(peer),
    })
    this.run = init.run
    this.specification = init.specification
  }

  get live(): boolean {
    return !this.#ended
  }

  get title(): string {
    return this.#init.name
  }

  nameOf(peer: string): string {
    const name = this.#init.nameOf?.(peer)
    if (name !== undefined) this.#names.call(peer, name)
    return this.#names.nameOf(peer)
  }

  sources(): SourceInfo[] {
    const state = this.#ended ? 'ended' : this.#heard ? 'following' : 'connecting'
    return [{ kind: this.#init.kind, name: this.#init.name, state, problem: null, damaged: 0 }]
  }

  describe({ run, specification }: { run: string; specification: RunSpecification }): void {
    this.run = run
    this.specification = specification
  }

  write(event: Recorded): void {
    this.#add(event)
  }

  hear(peer: string, status: Status): void {
    this.#add({ type: 'heartbeat', time: this.#clock.date(), by: peer, status })
  }

  end(): void {
    this.#ended = true
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.end()
  }

  #add(observation: Observation): void {
    this.#heard = true
    const kept = this.#log.append(observation)
    this.timeline.add([kept], this.#log.end, 1)
  }
}
