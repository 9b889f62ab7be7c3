import { type RunView, runView } from '../../dashboard/view/run-view.ts'
import type { CommandContext } from '../command.ts'
import { formatPercent } from '../format.ts'
import { version } from '../version.ts'
import { openSource } from './open-source.ts'
import { renderStatus } from './render-status.ts'

export interface ShowStatusInit {
  watch: boolean
  /** Milliseconds to hear a swarm before the first picture of it. */
  listenMs: number
}

const LOOK_MS = 50
const REDRAW_MS = 1000
const PRINT_MS = 5000

/** Columns of text that nobody's terminal bounds. */
const PLAIN_COLUMNS = 160

/** Shows what a run directory or an invitation leads to, once or until the signal fires. */
export async function showStatus(
  context: CommandContext,
  where: string | undefined,
  { watch, listenMs }: ShowStatusInit,
): Promise<void> {
  const { output, clock, signal } = context
  await using resources = new AsyncDisposableStack()
  const { source } = await openSource(context, where, resources)
  const view = runView({ clock, source }, { version: version() })
  // What is redrawn is shown at once, and says how much of it is there.
  if (!watch) await untilWhole(view, listenMs, context)
  const lines = (columns: number, rows: number) =>
    renderStatus(view.info(), view.state(), source.timeline.curves(), { columns, rows, paint: output.paint })
  const print = () =>
    output.result(view.state(), () => lines(output.columns ?? PLAIN_COLUMNS, Number.POSITIVE_INFINITY).join('\n'))
  if (!watch) return print()
  const screen = output.json ? undefined : await output.screen()
  try {
    while (!signal.aborted) {
      if (screen) screen.draw(lines)
      else print()
      await clock.sleep(screen ? REDRAW_MS : PRINT_MS, signal).catch(() => {}) // Ctrl-C ends it politely
    }
  } finally {
    screen?.done()
  }
}

/** Records are indexed, so that totals are those of the whole run; a swarm is heard for as long as asked. */
async function untilWhole(
  { source }: RunView,
  listenMs: number,
  { clock, signal, output }: Pick<CommandContext, 'clock' | 'signal' | 'output'>,
): Promise<void> {
  if (source.sources().some(({ kind }) => kind === 'status')) await clock.sleep(listenMs, signal)
  const whole = () => source.indexed === 1 || source.sources().some(({ problem }) => problem !== null)
  if (whole()) return
  const reading = await output.status()
  try {
    while (!whole()) {
      reading.show([`Reading the records: ${formatPercent(source.indexed)}`])
      await clock.sleep(LOOK_MS, signal)
    }
    reading.show([])
  } finally {
    reading.stop()
  }
}
