import type { Clock } from '../../core/clock.ts'
import { MurmurError } from '../../core/errors.ts'
import { sumOfSquares } from '../../core/vector.ts'
import type { PeerId } from '../../network/transport.ts'
import { halfCorrection } from './correction.ts'
import { requirePlausible } from './plausible.ts'

/** Values between two turns of the event loop. A multiple of the error bounds' block. */
const SLICE = 256 * 1024

/**
 * Half of the way from a partner's values to one's own, written over `received`: see `halfCorrection`. Lets the event
 * loop turn now and then.
 * @returns root mean square of the whole way
 * @throws MurmurError `VALUES_INVALID` if `own` is not finite, `MESSAGE_INVALID` if the partner is too far to be of this run
 */
export async function correctReceived(
  peer: PeerId,
  received: Float32Array,
  own: Float32Array,
  errorBounds: Float32Array,
  clock: Clock,
): Promise<number> {
  const { length } = received
  let squares = 0
  let ownSquares = 0
  for (let at = 0; at < length; at += SLICE) {
    ownSquares += sumOfSquares(own.subarray(at, at + SLICE))
    squares += halfCorrection(received, own, errorBounds, at, Math.min(at + SLICE, length))
    await clock.turn()
  }
  if (!Number.isFinite(squares)) {
    throw new MurmurError({ code: 'VALUES_INVALID', message: 'Expected parameters of our own that are finite' })
  }
  const distance = Math.sqrt(squares / Math.max(1, length))
  requirePlausible(`peer ${peer}`, distance, Math.sqrt(ownSquares / Math.max(1, length)))
  return distance
}
