import { stat } from 'node:fs/promises'
import { Registry } from 'prom-client'
import { heardSource } from '../../dashboard/sources/heard-source.ts'
import { runDirectorySource } from '../../dashboard/sources/run-directory-source.ts'
import type { Source } from '../../dashboard/sources/source.ts'
import { parseInvitation } from '../../peer/invitation.ts'
import { observeRun } from '../../peer/observe.ts'
import type { CommandContext } from '../command.ts'

/** Where runs are written if nobody says otherwise. */
const DEFAULT_DIRECTORY = 'runs/murmuration'

export interface OpenedSource {
  source: Source
  /** Metrics of the observer's own connections. */
  mesh?: Registry
}

/**
 * What a run directory or an invitation leads to, started; stopped with `resources`.
 * @throws MurmurError `USAGE`, `STORAGE_FAILED`, `INVITATION_MALFORMED`, `PEER_UNREACHABLE`, `RUN_MISMATCH`
 */
export async function openSource(
  { clock, signal }: Pick<CommandContext, 'clock' | 'signal'>,
  where = DEFAULT_DIRECTORY,
  resources: AsyncDisposableStack,
): Promise<OpenedSource> {
  if (await isInvitation(where)) {
    const source = heardSource({ clock }, { kind: 'status', name: where })
    const mesh = new Registry()
    const observing = await observeRun(
      parseInvitation(where),
      {
        metrics: mesh,
        onRun: run => source.describe(run),
        onStatus: (peer, status) => source.hear(peer, status),
      },
      signal,
    )
    resources.defer(() => observing.stop())
    return { source, mesh }
  }
  const source = runDirectorySource({ clock }, { path: where })
  resources.defer(() => source.stop())
  await source.start(signal)
  return { source }
}

/** Multiaddrs begin with a slash, as absolute paths do: what is there on the disk is a path. */
async function isInvitation(text: string): Promise<boolean> {
  if (!/^\/(ip4|ip6|dns|dns4|dns6|dnsaddr|p2p|unix)\//.test(text.trim())) return false
  return await stat(text).then(
    () => false,
    () => true,
  )
}
