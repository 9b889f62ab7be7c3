import type { Clock } from '../../core/clock.ts'
import { changes } from '../view/changes.ts'
import type { RunView } from '../view/run-view.ts'
import { swarmState } from '../view/swarm-state.ts'
import type { EventStream } from './event-stream.ts'

export interface ReplayInit {
  /** The moment to play from. */
  at: number
  /** How many times as fast as it happened. */
  speed: number
}

const TICK_MS = 250
const BUSY_BYTES = 1 << 20

/**
 * Plays a run from a moment to a reader, until it goes or the end is reached.
 * @returns whether the run goes on: then the reader wants to follow it
 * @throws MurmurError `TIMED_OUT`; the signal's reason
 */
export async function replay(
  { clock, view }: { clock: Clock; view: RunView },
  stream: EventStream,
  { at, speed }: ReplayInit,
  signal: AbortSignal,
): Promise<boolean> {
  const { timeline } = view.source
  const from = Math.max(at, view.info().from ?? 0)
  await view.swarmAt(from, signal) // waits until it is indexed
  const playback = await timeline.playback(from, signal)
  const state = swarmState(playback.swarm, from, view.context())
  stream.send('snapshot', { run: view.info(), state, missed: { exchanges: [], entries: [] } }, replayId(from))
  const gathered = changes()
  gathered.take(playback.swarm, from, view.context())
  const begin = clock.now()
  let held = 0
  for (;;) {
    const before = clock.now()
    await clock.sleep(TICK_MS, signal)
    // A reader that is behind makes the replay wait, not the server buffer.
    if (stream.waiting > BUSY_BYTES) {
      held += clock.now() - before
      continue
    }
    const end = view.latest().at
    const to = Math.min(from + (clock.now() - begin - held) * speed, end)
    await playback.advance(to, gathered, signal)
    stream.send('delta', gathered.take(playback.swarm, to, view.context()), replayId(to))
    if (to < end) continue
    if (!view.source.live) stream.send('end', { time: to }, replayId(to))
    return view.source.live
  }
}

function replayId(time: number): string {
  return `replay.${time}`
}

/** Where a replay that broke goes on: the moment of the last message its reader had. */
export function resumedAt(lastId: string | undefined): number | undefined {
  const time = Number(/^replay\.(\d+(?:\.\d+)?)$/.exec(lastId ?? '')?.[1])
  return Number.isFinite(time) ? time : undefined
}
