import type { Tokenising } from '../compute/data/token-cache.ts'
import type { Clock } from '../core/clock.ts'
import type { Telemetry } from '../core/telemetry.ts'

/** Milliseconds between two reports; what takes less is not worth one. */
const EVERY_MS = 1000

/** Tells how far the tokenising of a corpus is, once a second. */
export function tokenisingReport(telemetry: Telemetry, clock: Pick<Clock, 'now'>): (progress: Tokenising) => void {
  let last = clock.now()
  return ({ done, total, process }) => {
    if (clock.now() - last < EVERY_MS) return
    last = clock.now()
    const size = `${(total / 1e6).toFixed(1)} MB of text`
    telemetry.record(
      process === undefined
        ? { type: 'state', state: 'starting', detail: `tokenising ${size}`, fraction: total > 0 ? done / total : 1 }
        : { type: 'state', state: 'starting', detail: `waiting for process ${process}, which tokenises ${size}` },
    )
  }
}
