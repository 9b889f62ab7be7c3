import type { Registry } from 'prom-client'
import { metricsPage } from '../../dashboard/metrics/metrics-page.ts'
import { createDashboard } from '../../dashboard/server/server.ts'
import type { Source } from '../../dashboard/sources/source.ts'
import type { CommandContext } from '../command.ts'
import { version } from '../version.ts'

export interface ServeOptions {
  /** Undefined is the usual one. */
  port?: number
  /** Takes any free port if that one is taken. */
  anyPort: boolean
  host: string
  /** Metrics of this process's own connections. */
  mesh?: Registry
}

/** Serves a source until `resources` are let go. @throws MurmurError `PORT_IN_USE` */
export async function serveDashboard(
  { clock }: Pick<CommandContext, 'clock'>,
  source: Source,
  { port, anyPort, host, mesh }: ServeOptions,
  resources: AsyncDisposableStack,
): Promise<{ url: string; port: number }> {
  const dashboard = createDashboard(
    { clock, source, metrics: metricsPage(mesh) },
    { host, port, anyPort, version: version() },
  )
  resources.defer(() => dashboard.stop())
  return await dashboard.start()
}
