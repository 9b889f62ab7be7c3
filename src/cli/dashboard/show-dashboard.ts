import { once } from 'node:events'
import type { CommandContext } from '../command.ts'
import { openSource } from './open-source.ts'
import { serveDashboard } from './serve.ts'

export interface ShowDashboardInit {
  /** Undefined is the usual one, or any free one if that is taken. */
  port?: number
  host: string
}

/** Serves what a run directory or an invitation leads to until the signal fires. */
export async function showDashboard(
  context: CommandContext,
  where: string | undefined,
  { port: asked, host }: ShowDashboardInit,
): Promise<void> {
  const { output, interrupt, signal } = context
  interrupt.finishing('the streams')
  await using resources = new AsyncDisposableStack()
  const { source, mesh } = await openSource(context, where, resources)
  const served = { port: asked, anyPort: asked === undefined, host, mesh }
  const { url, port } = await serveDashboard(context, source, served, resources)
  output.result({ type: 'dashboard', url, port }, () => url)
  output.line('Ctrl-C ends it')
  if (!signal.aborted) await once(signal, 'abort')
}
