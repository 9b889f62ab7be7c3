import { type RunView, runView } from '../../dashboard/view/run-view.ts'
import type { CommandContext } from '../command.ts'
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
  await untilShown(view, listenMs, { clock, signal })
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
async function untilShown(
  { source }: RunView,
  listenMs: number,
  { clock, signal }: Pick<CommandContext, 'clock' | 'signal'>,
): Promise<void> {
  if (source.sources().some(({ kind }) => kind === 'status')) await clock.sleep(listenMs, signal)
  while (source.indexed < 1 && source.sources().every(({ problem }) => problem === null)) {
    await clock.sleep(LOOK_MS, signal)
  }
}
