import type { Clock } from '../../core/clock.ts'
import { isErrorCode } from '../../core/errors.ts'
import type { Channel } from '../../network/transport.ts'
import type { Codec } from './codec.ts'

/** Bytes between two turns of the event loop: about a millisecond of coding. */
const BYTES_PER_TURN = 256 * 1024

/** Sends encoded values; `values` may be overwritten once it has resolved. @throws MurmurError `VALUES_INVALID` */
export async function sendValues(
  channel: Channel,
  codec: Codec,
  values: Float32Array,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  await channel.sendBulk(paced(codec.encode(values), clock), signal)
}

/** Lets the event loop turn now and then, so that coding a large vector never stalls the network. */
export async function* paced(chunks: Iterable<Uint8Array>, clock: Clock): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for (const chunk of chunks) {
    yield chunk
    bytes += chunk.length
    if (bytes < BYTES_PER_TURN) continue
    bytes = 0
    await clock.turn()
  }
}

/**
 * Receives encoded values into `into`, which holds anything when it fails. Bad values do not end the stream early: the
 * rest is read and dropped, so that the sender hears why it was refused.
 * @throws MurmurError `VALUES_INVALID`
 */
export async function receiveValues(
  channel: Channel,
  codec: Codec,
  into: Float32Array,
  signal: AbortSignal,
  errorBounds?: Float32Array,
): Promise<void> {
  const decoder = codec.decoder(into, errorBounds)
  let refused: unknown
  for await (const chunk of channel.receiveBulk(codec.encodedLength(into.length), signal)) {
    if (refused) continue
    try {
      decoder.write(chunk)
    } catch (error) {
      if (!isErrorCode(error, 'VALUES_INVALID')) throw error
      refused = error
    }
  }
  if (refused) throw refused
  decoder.end()
}
