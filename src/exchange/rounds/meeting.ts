import { createHash } from 'node:crypto'
import type { PeerId } from '../../network/transport.ts'
import type { CodecId } from '../compression/codecs.ts'
import type { Mailbox } from './mailbox.ts'

/** Peers that do something together, as one of them sees it: who, and letters between them. */
export interface Meeting {
  readonly round: number
  readonly self: PeerId
  /** Everybody, this peer included, in the order of their ids. */
  readonly members: readonly PeerId[]
  /** @param part tells the letters from one member to another apart; the same on both sides */
  send(to: PeerId, part: string, values: Float32Array, codec: CodecId): Promise<void>
  receive(from: PeerId, part: string, into: Float32Array, codec: CodecId): Promise<void>
  /** Waits for both; when one fails, ends the other before it fails too, so that no buffer is written any more. */
  both(...tasks: [Promise<void>, Promise<void>]): Promise<void>
}

/** @param over ends the meeting: what waits fails with the signal's reason */
export function meetingOf(
  mailbox: Mailbox,
  { round, self, members }: Pick<Meeting, 'round' | 'self' | 'members'>,
  over: AbortController,
): Meeting {
  const group = createHash('sha256').update(members.join('\n')).digest('hex').slice(0, 32)
  const { signal } = over
  return {
    round,
    self,
    members,
    send: (to, part, values, codec) => mailbox.send(to, { round, group, part, codec }, values, signal),
    receive: (from, part, into, codec) => mailbox.receive(from, { round, group, part, codec }, into, signal),
    both: async (...tasks) => {
      try {
        await Promise.all(tasks)
      } catch (error) {
        over.abort(error)
        await Promise.allSettled(tasks)
        throw error
      }
    },
  }
}
