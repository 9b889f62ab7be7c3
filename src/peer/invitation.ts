import { MurmurError } from '../core/errors.ts'

/**
 * What one person gives another to join a run: a peer's address and, behind `#`, the run's id. The id is optional when
 * typed by hand; with it nobody can be led into another run.
 */
export interface Invitation {
  address: string
  run: string | undefined
}

export function formatInvitation(address: string, run: string): string {
  return `${address}#${run}`
}

/** @throws MurmurError `INVITATION_MALFORMED`. The address itself is checked by whoever dials it. */
export function parseInvitation(text: string): Invitation {
  const [address = '', run, ...rest] = text.trim().split('#')
  if (rest.length > 0 || !address.startsWith('/') || (run !== undefined && !/^[0-9a-f]{32}$/.test(run))) {
    throw new MurmurError({
      code: 'INVITATION_MALFORMED',
      message: `Expected an invitation such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo...#<run id>, got ${JSON.stringify(text.slice(0, 300))}`,
      details: { invitation: text.slice(0, 300) },
    })
  }
  return { address, run }
}
