import { Registry } from 'prom-client'
import { type HeardSource, type HeardSourceInit, heardSource } from '../../dashboard/sources/heard-source.ts'
import type { CommandContext } from '../command.ts'
import { serveDashboard } from './serve.ts'

export interface OwnDashboard {
  source: HeardSource
  /** For the metrics of this process's own connections. */
  mesh: Registry
}

/** @param where the port asked for, if any, and the address; see `openDashboard` */
export async function ownDashboard(
  { clock, output }: Pick<CommandContext, 'clock' | 'output'>,
  { asked, host }: { asked: number | undefined; host: string },
  init: Pick<HeardSourceInit, 'name' | 'run' | 'specification' | 'nameOf'>,
  resources: AsyncDisposableStack,
): Promise<OwnDashboard> {
  const source = heardSource({ clock }, { ...init, kind: 'local' })
  resources.defer(() => source.stop())
  const mesh = new Registry()
  const { url, port } = await serveDashboard({ clock }, source, { port: asked, anyPort: true, host, mesh }, resources)
  if (output.json) output.result({ type: 'dashboard', url, port }, () => '')
  const taken = asked !== undefined && asked !== 0 && port !== asked ? ` (port ${asked} is taken)` : ''
  output.line(`Dashboard at ${url}${taken}`)
  return { source, mesh }
}
