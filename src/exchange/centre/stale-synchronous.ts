import { withDeadline } from '../../core/deadline.ts'
import type { PeerId } from '../../network/transport.ts'
import type { AveragerComponents, Barriers } from '../averager.ts'

/** Milliseconds between two looks at how far the others are. */
const LOOK_AGAIN = 50

/** Milliseconds that a peer waits for the slowest, at most: one that hangs must not stop all others for good. */
const MOST_PATIENCE = 120_000

export interface StaleSynchronousInit {
  /** s, local steps. */
  bound: number
  /** The other peers that train. */
  others(): readonly PeerId[]
  /** Local steps that one of them has finished, as far as is known here. */
  progress(peer: PeerId): number
}

/**
 * Stale-synchronous parallel training (Ho et al. 2013): a peer that has finished c steps waits until the slowest has
 * finished c - s. Progress is known as of the last heartbeat or push, so a bound below the steps of a heartbeat makes
 * everybody wait for heartbeats.
 */
export function staleSynchronous(
  { clock, telemetry }: Pick<AveragerComponents, 'clock' | 'telemetry'>,
  { bound, others, progress }: StaleSynchronousInit,
): Barriers {
  const slowest = () => Math.min(Infinity, ...others().map(progress))
  return {
    // Where nobody else trains, look again in a while: somebody may have come.
    after: step => Math.max(step, Math.min(step, slowest()) + bound) + 1,
    async meet(step, signal) {
      try {
        await withDeadline(clock, MOST_PATIENCE, 'waiting for the slowest peer', signal, async inner => {
          while (slowest() < step - bound) await clock.sleep(LOOK_AGAIN, inner)
        })
      } catch (error) {
        if (signal.aborted) return
        const message = error instanceof Error ? error.message : String(error)
        telemetry.record({ type: 'warning', reason: 'slowest-peer', message })
      }
    },
  }
}
