import type { Recorded } from '../../core/telemetry.ts'
import type { RecordSink } from '../../peer/records/recorder.ts'
import { type PeerSummary, summarize } from '../../peer/records/summary.ts'
import { shortPeer } from '../format.ts'
import { renderPeer } from './render-peer.ts'
import { renderMoment, renderPlain } from './render-plain.ts'
import { renderSwarm, type SwarmRenderOptions } from './render-swarm.ts'

export interface ProgressInit {
  /** One peer at large, or a table of several. */
  shape: 'peer' | 'swarm'
  /** Local steps of the whole run, for the bar and the time left. */
  totalSteps?: number
  /** What a peer is called in a table. @default the end of its id */
  name?: (peer: string) => string
}

/** Shows recorded events as they come, of one peer or of several. */
export interface ProgressView extends RecordSink {
  /** Shows the last state and lets go of the terminal. Idempotent. */
  stop(): void
}

/** Where a live view draws: `log-update`'s interface, and the terminal's present size and colours. */
export interface Canvas {
  draw(lines: readonly string[]): void
  /** Leaves what was drawn standing. */
  done(): void
  options(): Pick<SwarmRenderOptions, 'columns' | 'rows' | 'paint'>
}

/** The peers of one view, in the order they appeared. Bounded: peers beyond the limit are not shown. */
class Peers {
  readonly #summaries = new Map<string, PeerSummary>()

  add(event: Recorded): PeerSummary | undefined {
    const before = this.#summaries.get(event.by)
    if (!before && this.#summaries.size >= MAX_PEERS) return undefined
    const after = summarize(before, event)
    this.#summaries.set(event.by, after)
    return after
  }

  all(): PeerSummary[] {
    return [...this.#summaries.values()]
  }
}

const MAX_PEERS = 1024
const FRAME_MS = 100

/** Redraws in place, at most ten times a second. */
export function liveView(canvas: Canvas, init: ProgressInit): ProgressView & { redraw(): void } {
  const peers = new Peers()
  let changed = false
  let stopped = false
  const redraw = () => {
    changed = false
    const options = { ...canvas.options(), totalSteps: init.totalSteps, name: init.name }
    const [first] = peers.all()
    if (init.shape === 'swarm') canvas.draw(renderSwarm(peers.all(), options))
    else if (first) canvas.draw(renderPeer(first, options))
  }
  const frames = setInterval(() => changed && redraw(), FRAME_MS)
  frames.unref()
  return {
    write(event) {
      if (peers.add(event)) changed = true
    },
    redraw,
    stop() {
      if (stopped) return
      stopped = true
      clearInterval(frames)
      redraw()
      canvas.done()
    },
  }
}

const PLAIN_EVERY_MS = 5000

/** Writes a line whenever something happened and, while training, every five seconds of the events' own time. */
export function plainView(line: (text: string) => void, init: ProgressInit): ProgressView {
  const peers = new Peers()
  const shown = new Map<string, { time: number; step: number }>()
  const isNews = (event: Recorded) => event.time - (shown.get(event.by)?.time ?? 0) >= PLAIN_EVERY_MS
  const name = init.name ?? shortPeer
  const say = (peer: string, text: string) => line(init.shape === 'swarm' ? `${name(peer)}  ${text}` : text)
  const show = (state: PeerSummary) => {
    shown.set(state.peer, { time: state.lastTime, step: state.step })
    say(state.peer, renderPlain(state, init.totalSteps))
  }
  let stopped = false
  return {
    write(event) {
      const state = peers.add(event)
      if (!state || stopped) return
      if (event.type === 'state' && event.fraction !== undefined) {
        if (!isNews(event)) return
        shown.set(event.by, { time: event.time, step: state.step })
      }
      const moment = renderMoment(event)
      if (moment !== undefined) say(event.by, moment)
      if (event.type === 'step' && isNews(event)) show(state)
    },
    stop() {
      if (stopped) return
      stopped = true
      for (const state of peers.all()) if (state.step !== (shown.get(state.peer)?.step ?? 0)) show(state)
    },
  }
}

export const silentView: ProgressView = { write: () => {}, stop: () => {} }
