import { systemClock } from '../core/clock.ts'
import { withDeadline } from '../core/deadline.ts'
import { isErrorCode, MurmurError } from '../core/errors.ts'
import { statusTopic } from '../network/membership.ts'
import type { PeerId, Transport } from '../network/transport.ts'
import { fetchRun } from './handover/run.ts'
import type { Invitation } from './invitation.ts'
import type { RunSpecification } from './specification/schema.ts'

/** Seconds to reach the inviting peer and to find one that knows the run. */
const INVITATION_DEADLINE_S = 20

/** Milliseconds until those whom a bootstrap node introduces are asked again. */
const SEARCH_PAUSE_MS = 500

/**
 * Asks the inviting peer for its run. It may be a bootstrap node, which has none: then those whom it introduces.
 * @throws MurmurError `INVITATION_MALFORMED`, `PEER_UNREACHABLE`, `RUN_MISMATCH`, `PROTOCOL_MISMATCH`
 */
export async function findRun(transport: Transport, invitation: Invitation, signal: AbortSignal): Promise<FoundRun> {
  const { address, run } = invitation
  const what = `Finding the run of ${address}`
  let refusal: unknown
  try {
    return await withDeadline(systemClock, INVITATION_DEADLINE_S * 1000, what, signal, async deadline => {
      const first = await transport.dial(address, deadline)
      // Peers are introduced to those who hear their run's topic; its messages are for later.
      if (run) await transport.subscribe(statusTopic(run), () => 'ignore')
      for (;;) {
        const found = await askForRun(transport, first, run, deadline).catch((error: unknown) => {
          if (!isErrorCode(error, 'PROTOCOL_MISMATCH') || !run) throw withHint(error, address)
          refusal = error
        })
        if (found) return found
        for (const peer of transport.connected().filter(each => each !== first)) {
          const other = await askForRun(transport, peer, run, deadline).catch(() => undefined) // the next one may know
          if (other) return other
        }
        await systemClock.sleep(SEARCH_PAUSE_MS, deadline)
      }
    })
  } catch (error) {
    signal.throwIfAborted()
    if (!isErrorCode(error, 'TIMED_OUT') || refusal === undefined) throw error
    throw new MurmurError({
      code: 'PEER_UNREACHABLE',
      message: `Nobody at ${address} or introduced by it knows run ${run} after ${INVITATION_DEADLINE_S} seconds: ${(refusal as Error).message}`,
      details: { address, run },
      cause: refusal,
    })
  }
}

/** A bootstrap node's bare address is the likely cause of a peer without a run. */
function withHint(error: unknown, address: string): unknown {
  if (!isErrorCode(error, 'PROTOCOL_MISMATCH')) return error
  return new MurmurError({
    code: error.code,
    message: `${error.message}; if ${address} is a bootstrap node, add #<run id> as in an invitation`,
    details: error.details,
    cause: error,
  })
}

export interface FoundRun {
  introducer: PeerId
  specification: RunSpecification
}

async function askForRun(
  transport: Transport,
  peer: PeerId,
  run: string | undefined,
  signal: AbortSignal,
): Promise<FoundRun> {
  return { introducer: peer, specification: await fetchRun({ transport, clock: systemClock }, peer, run, signal) }
}
