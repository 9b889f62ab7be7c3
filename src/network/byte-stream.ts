import { MurmurError } from '../core/errors.ts'
import type { PeerId } from './transport.ts'

/** What a transport must supply to carry a `framedChannel`: raw bytes both ways, with back-pressure both ways. */
export interface ByteStream {
  /** Fires when the stream was reset, by whichever side, with the error that reads and writes now fail with. */
  readonly broken: AbortSignal
  /**
   * Hands every chunk over, taking the next one only when there is room. Chunks must not be changed afterwards.
   * @throws MurmurError `CHANNEL_BROKEN`, or the signal's reason
   */
  write(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>
  /**
   * The next bytes, at least one; undefined when the other side has ended. A cancelled read loses nothing.
   * @throws MurmurError `CHANNEL_BROKEN`, or the signal's reason
   */
  read(signal: AbortSignal): Promise<Uint8Array | undefined>
  /** Tells the other side that nothing more comes. Bounded in time; never rejects. */
  close(): Promise<void>
  /** `close`, and nothing is read any more: what still arrives is discarded. */
  release(): Promise<void>
  /** Resets both directions at once. */
  abort(error: Error): void
}

export function channelBroken(peer: PeerId, how: string, cause?: unknown): MurmurError {
  return new MurmurError({
    code: 'CHANNEL_BROKEN',
    message: `The stream to peer ${peer} ${how}`,
    details: { peer },
    cause,
  })
}
