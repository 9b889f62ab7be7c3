import type { Clock } from '../../core/clock.ts'
import { withDeadline } from '../../core/deadline.ts'
import { MurmurError } from '../../core/errors.ts'
import { MAX_MESSAGE_BYTES, type PeerId, type Transport } from '../../network/transport.ts'
import { parseCanonical, runId } from '../specification/canonical.ts'
import type { RunSpecification } from '../specification/schema.ts'

const RUN_PROTOCOL = '/murmuration/run/1.0.0'

/** Milliseconds for a few kilobytes, over a slow link too. */
const TIMEOUT = 15_000

/**
 * Tells whoever asks which run this is: one message, the canonical specification in UTF-8.
 * @throws MurmurError `SPECIFICATION_INVALID` if it is longer than a message
 */
export async function serveRun(transport: Transport, canonicalText: string): Promise<void> {
  const message = new TextEncoder().encode(canonicalText)
  if (message.length > MAX_MESSAGE_BYTES) {
    throw new MurmurError({
      code: 'SPECIFICATION_INVALID',
      message: `Expected a specification of at most ${MAX_MESSAGE_BYTES} bytes in canonical form, got ${message.length}`,
      details: { bytes: message.length },
    })
  }
  await transport.handle(RUN_PROTOCOL, (channel, signal) => channel.send(message, signal))
}

/**
 * Asks a peer for its run's specification.
 * @param expected the run's id, where the caller knows it
 * @throws MurmurError `RUN_MISMATCH` if it is another run's; `MESSAGE_INVALID` if it makes no sense here;
 *   `PEER_UNREACHABLE`, `PROTOCOL_MISMATCH`, `CHANNEL_BROKEN`, `TIMED_OUT`
 */
export async function fetchRun(
  { transport, clock }: { transport: Transport; clock: Clock },
  peer: PeerId,
  expected: string | undefined,
  signal: AbortSignal,
): Promise<RunSpecification> {
  const bytes = await withDeadline(clock, TIMEOUT, `asking ${peer} for its run`, signal, async inner => {
    const channel = await transport.open(peer, RUN_PROTOCOL, inner)
    try {
      return await channel.receive(inner)
    } finally {
      channel.close().catch(error => channel.abort(error))
    }
  })
  const specification = parseCanonical(decode(bytes, peer))
  const run = runId(specification)
  if (expected !== undefined && run !== expected) {
    throw new MurmurError({
      code: 'RUN_MISMATCH',
      message: `Expected run ${expected} from peer ${peer}, got run ${run}`,
      details: { peer, expected, run },
    })
  }
  return specification
}

function decode(bytes: Uint8Array, peer: PeerId): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new MurmurError({ code: 'MESSAGE_INVALID', message: `Expected UTF-8 from peer ${peer}`, cause })
  }
}
