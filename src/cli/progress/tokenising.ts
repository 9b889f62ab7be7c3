import type { Tokenising } from '../../compute/data/token-cache.ts'
import { systemClock } from '../../core/clock.ts'
import { recorder } from '../../peer/records/recorder.ts'
import { tokenisingReport } from '../../peer/tokenising-report.ts'
import type { Output } from '../output.ts'

/** Shows how far the tokenising is while `task` goes on, for commands that have no peer. */
export async function showTokenising<T>(
  output: Output,
  task: (onTokenising: (progress: Tokenising) => void) => Promise<T>,
): Promise<T> {
  const view = await output.progress({ shape: 'peer' })
  try {
    return await task(tokenisingReport(recorder({ clock: systemClock, sinks: [view] }, 'this command'), systemClock))
  } finally {
    view.stop()
  }
}
