import { MurmurError } from '../core/errors.ts'
import type { ExchangeFailure } from '../core/telemetry.ts'

/** Ends an exchange for a reason that no error code says: the partner's refusal, or our own policy. */
export class ExchangeRefused extends Error {
  override readonly name = 'ExchangeRefused'
  readonly reason: ExchangeFailure

  constructor(reason: ExchangeFailure) {
    super(`exchange refused: ${reason}`)
    this.reason = reason
  }
}

/** The counted reason of whatever ended an exchange. */
export function failureOf(error: unknown): ExchangeFailure {
  if (error instanceof ExchangeRefused) return error.reason
  if (!(error instanceof MurmurError)) return 'broken'
  switch (error.code) {
    case 'TIMED_OUT':
      return 'timed-out'
    case 'PEER_UNREACHABLE':
      return 'unreachable'
    case 'PROTOCOL_MISMATCH':
    case 'RUN_MISMATCH':
      return 'mismatch'
    case 'MESSAGE_INVALID':
      return 'invalid'
    case 'VALUES_INVALID':
      return 'not-finite'
    case 'TOPOLOGY_IMPOSSIBLE': // of so many peers it pairs nobody
      return 'no-partner'
    case 'CANCELLED':
    case 'TRAINER_FAILED': // nothing left to average; the trainer itself says why
      return 'cancelled'
    default:
      return 'broken'
  }
}
