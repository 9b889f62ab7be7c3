import type { Command } from 'commander'
import type { HeardSourceInit } from '../dashboard/sources/heard-source.ts'
import { integer } from './arguments.ts'
import type { CommandContext } from './command.ts'
import type { OwnDashboard } from './dashboard/own-dashboard.ts'

/** What a command that trains can be told of the dashboard. */
export interface DashboardOption {
  /** A port; true for the usual one. */
  dashboard?: number | true
  dashboardHost: string
}

export function addDashboardOption(command: Command): Command {
  return command
    .option('--dashboard [port]', 'serve the dashboard; if the port is taken, at any free one', integer(0, 65_535))
    .option(
      '--dashboard-host <address>',
      'address to serve it at; off this machine the link holds a token',
      '127.0.0.1',
    )
}

/**
 * Serves a dashboard of the peers of this command until `resources` are let go, and says where; undefined if none is
 * asked for. @throws MurmurError `PORT_IN_USE` for an address that is not this machine's
 */
export async function openDashboard(
  context: Pick<CommandContext, 'clock' | 'output'>,
  { dashboard, dashboardHost: host }: DashboardOption,
  init: Pick<HeardSourceInit, 'name' | 'run' | 'specification' | 'nameOf'>,
  resources: AsyncDisposableStack,
): Promise<OwnDashboard | undefined> {
  if (dashboard === undefined) return undefined
  const { ownDashboard } = await import('./dashboard/own-dashboard.ts')
  const asked = dashboard === true ? undefined : dashboard
  return await ownDashboard(context, { asked, host }, init, resources)
}
