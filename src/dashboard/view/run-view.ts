import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import type { RunInfo } from '../api/run.ts'
import type { SwarmState } from '../api/state.ts'
import type { Source } from '../sources/source.ts'
import type { Swarm } from '../timeline/swarm.ts'
import { thresholdsFor } from './alerts.ts'
import { type SwarmViewContext, swarmState } from './swarm-state.ts'

/** What a source shows, at any moment: the same for the server, the terminal and the metrics. */
export interface RunView {
  readonly source: Source
  info(): RunInfo
  /** What is shown as the latest: the present of a run that goes on, the end of one that is over. */
  latest(): { swarm: Swarm; at: number }
  /** The state of the latest moment. */
  state(): SwarmState
  /**
   * The swarm at a moment, the latest without one. @throws MurmurError `TIMED_OUT` if the records up to it are not
   * indexed within ten seconds
   */
  swarmAt(at: number | undefined, signal: AbortSignal): Promise<{ swarm: Swarm; at: number }>
  context(): SwarmViewContext
}

export interface RunViewComponents {
  clock: Clock
  source: Source
}

/** Milliseconds of silence where no specification says more: the default of `heartbeat.timeout`. */
const TIMEOUT_MS = 5000

const INDEX_DEADLINE_MS = 10_000
const INDEX_LOOK_MS = 50

export function runView(components: RunViewComponents, init: { version: string }): RunView {
  return new View(components, init.version)
}

class View implements RunView {
  readonly source: Source
  readonly #clock: Clock
  readonly #version: string

  constructor({ clock, source }: RunViewComponents, version: string) {
    this.source = source
    this.#clock = clock
    this.#version = version
  }

  context(): SwarmViewContext {
    const { source } = this
    const { specification } = source
    return {
      nameOf: peer => source.nameOf(peer),
      timeoutMs: specification ? specification.heartbeat.timeout * 1000 : TIMEOUT_MS,
      totalSteps: specification?.steps,
      thresholds: thresholdsFor(specification),
    }
  }

  info(): RunInfo {
    const { source } = this
    const { timeline, provisional, specification } = source
    const { timeoutMs, thresholds } = this.context()
    const from = timeline.range?.from ?? provisional?.from ?? null
    return {
      version: this.#version,
      mode: source.live ? 'live' : 'replay',
      title: specification?.name ?? source.title,
      run: source.run ?? null,
      specification: specification ?? null,
      sources: source.sources(),
      from,
      to: from === null ? null : this.latest().at,
      lastActive: provisional?.lastActive ?? timeline.lastActive ?? null,
      indexed: source.indexed,
      silentAfterMs: timeoutMs,
      thresholds,
    }
  }

  latest(): { swarm: Swarm; at: number } {
    const { provisional, timeline, live } = this.source
    const end = provisional?.to ?? timeline.range?.to
    const at = live || end === undefined ? Math.max(this.#clock.date(), end ?? 0) : end
    return { swarm: provisional?.swarm ?? timeline.head, at }
  }

  state(): SwarmState {
    const { swarm, at } = this.latest()
    return swarmState(swarm, at, this.context())
  }

  async swarmAt(at: number | undefined, signal: AbortSignal): Promise<{ swarm: Swarm; at: number }> {
    const latest = this.latest()
    if (at === undefined || at >= latest.at) return latest
    const { timeline } = this.source
    const end = this.source.provisional?.to ?? timeline.range?.to ?? 0
    if (at >= end) return { swarm: latest.swarm, at } // nothing happened since
    await this.#untilIndexed(at, signal)
    const playback = await timeline.playback(at, signal)
    return { swarm: playback.swarm, at }
  }

  async #untilIndexed(at: number, signal: AbortSignal): Promise<void> {
    const indexed = () => this.source.provisional === undefined || (this.source.timeline.range?.to ?? 0) > at
    if (indexed()) return
    await withDeadline(this.#clock, INDEX_DEADLINE_MS, 'indexing the records up to then', signal, async until => {
      while (!indexed()) await this.#clock.sleep(INDEX_LOOK_MS, until)
    })
  }
}
